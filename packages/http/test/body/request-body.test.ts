import { describe, expect, test } from 'vitest'
import type { RequestBody } from '../../src/body/request-body.ts'
import { arrivingBody, bodyOf } from '../server/bodies.ts'
import { unhandledRejectionsDuring } from '../server/unhandled-rejections.ts'

describe('RequestBody', () => {
  test('returns pieces as they arrive, and asks for more only when it has none', async () => {
    const requested: number[] = []
    const given: string[] = []
    const body = arrivingBody({}, () => requested.push(given.length))
    expect([body.wanted, body.used, body.complete]).toEqual([false, false, false])
    const reading = (async () => {
      for await (const piece of body) given.push(piece.toString())
    })()
    expect(body.wanted).toBe(true)
    body.pieceReceived(Buffer.from('a'))
    body.pieceReceived(Buffer.from('b'))
    await Promise.resolve()
    body.pieceReceived(Buffer.alloc(70_000))
    expect(body.wanted).toBe(false)
    body.completed()
    await reading
    expect(given.map((piece) => piece.length)).toEqual([1, 1, 70_000])
    expect(requested[0]).toBe(0)
  })

  test('reads text, JSON and forms', async () => {
    expect(await bodyOf(['Gr', 'üße']).text()).toBe('Grüße')
    expect(await bodyOf(['{"a":', '1}'], 'application/json').json()).toEqual({ a: 1 })
    const form = await bodyOf(
      ['a=1&b=x+', 'y&a=2'],
      'application/x-www-form-urlencoded; charset=utf-8',
    ).formData()
    expect([...form]).toEqual([
      ['a', '1'],
      ['b', 'x y'],
      ['a', '2'],
    ])
    expect((await bodyOf([]).bytes()).length).toBe(0)
  })

  test('rejects an unreadable body with an HTTPError of status 400 or 415', async () => {
    await expect(bodyOf(['{'], 'application/json').json()).rejects.toMatchObject({ statusCode: 400 })
    await expect(bodyOf(['a=1'], 'text/plain').formData()).rejects.toMatchObject({ statusCode: 415 })
    await expect(bodyOf(['a=1']).formData()).rejects.toMatchObject({ statusCode: 415 })
  })

  test('refuses a form with more than maxFields fields', async () => {
    const form = (fields: number): RequestBody =>
      bodyOf(['a=1&'.repeat(fields - 1), 'b=2'], 'application/x-www-form-urlencoded')
    expect([...(await form(1_000).formData())].length).toBe(1_000)
    await expect(form(1_001).formData()).rejects.toMatchObject({
      statusCode: 413,
      message: 'Cannot read a form of more than 1000 fields',
    })
    expect([...(await form(3).formData({ maxFields: 3 }))].length).toBe(3)
    await expect(form(4).formData({ maxFields: 3 })).rejects.toMatchObject({ statusCode: 413 })
    expect([...(await form(2_000).formData({ maxFields: Infinity }))].length).toBe(2_000)
    const empty = bodyOf([], 'application/x-www-form-urlencoded')
    expect([...(await empty.formData({ maxFields: 0 }))]).toEqual([])
    await expect(form(1).formData({ maxFields: Number.NaN })).rejects.toThrow('maxFields')
  })

  test('can be read once', async () => {
    const body = bodyOf(['x'])
    await body.text()
    await expect(body.text()).rejects.toThrow('twice')
  })

  test('fails after the pieces that arrived before the failure', async () => {
    const body = arrivingBody()
    body.pieceReceived(Buffer.from('half'))
    body.failed(new Error('gone'))
    const given: string[] = []
    const read = async (): Promise<void> => {
      for await (const piece of body) given.push(piece.toString())
    }
    await expect(read()).rejects.toThrow('gone')
    expect(given).toEqual(['half'])
  })

  test('asks for no bytes before it is read, nor once reading has stopped', async () => {
    let requested = 0
    const body = arrivingBody({}, () => requested++)
    body.pieceReceived(Buffer.from('a'))
    expect([requested, body.wanted]).toEqual([0, false])
    for await (const piece of body) {
      expect(piece.toString()).toBe('a')
      break
    }
    expect([requested, body.used, body.complete]).toEqual([0, true, false])
    await expect(body.bytes()).rejects.toThrow('twice')
  })

  test('accepts the media type in any case, and refuses an empty body as JSON', async () => {
    const form = await bodyOf(['a=%zz&%C3%A9=%ff'], 'Application/X-WWW-Form-URLencoded').formData()
    expect([...form]).toEqual([
      ['a', '%zz'],
      ['é', '\ufffd'],
    ])
    await expect(bodyOf([], 'application/json').json()).rejects.toMatchObject({ statusCode: 400 })
  })

  test('a failure rejects an awaited promise, and is not an unhandled rejection otherwise', async () => {
    const gone = new Error('gone')
    const form = 'application/x-www-form-urlencoded'
    const reads: (readonly [read: (body: RequestBody) => Promise<unknown>, type: string])[] = [
      [(body) => body.bytes(), form],
      [(body) => body.text(), form],
      [(body) => body.json(), 'application/json'],
      [(body) => body.formData(), form],
      [(body) => body.trailers, form],
      [(body) => body.parts().next(), form],
      [(body) => body.decoded().text(), form],
      [(body) => body[Symbol.asyncIterator]().next(), form],
    ]
    const promises: Promise<unknown>[] = []
    const unhandled = await unhandledRejectionsDuring(async () => {
      for (const [read, type] of reads) {
        const body = arrivingBody({ 'Content-Type': type })
        promises.push(read(body))
        body.failed(gone)
        const before = arrivingBody({ 'Content-Type': type })
        before.failed(gone)
        promises.push(read(before))
        const chained = arrivingBody({ 'Content-Type': type })
        promises.push(read(chained).then((value) => value))
        chained.failed(gone)
      }
    })
    expect(unhandled).toEqual([])
    for (const promise of promises) await expect(promise).rejects.toBe(gone)
  })

  test('an unreadable body is not an unhandled rejection either', async () => {
    const unhandled = await unhandledRejectionsDuring(async () => {
      void bodyOf(['{'], 'application/json').json()
      void bodyOf(['{']).json()
      void bodyOf(['a=1'], 'text/plain').formData()
    })
    expect(unhandled).toEqual([])
  })

  test('a mistake of the program stays an ordinary rejection', async () => {
    const mistake = new Error('mistake')
    const unhandled = await unhandledRejectionsDuring(async () => {
      const body = bodyOf(['x'])
      void body.text().then(() => {
        throw mistake
      })
      void body.text()
    })
    expect(unhandled).toEqual(expect.arrayContaining([mistake, expect.any(TypeError)]))
  })

  test('ends its generator when iteration is abandoned, and allows pieces to be read one by one', async () => {
    const pieces = bodyOf(['a', 'b'])[Symbol.asyncIterator]()
    expect(String((await pieces.next()).value)).toBe('a')
    expect(await pieces.return()).toEqual({ done: true, value: undefined })
    expect(await pieces.next()).toEqual({ done: true, value: undefined })
  })
})

describe('json', () => {
  const json = (text: string | Uint8Array, type = 'application/json'): Promise<unknown> =>
    bodyOf([text], type).json()

  test('accepts every type of JSON, in UTF-8', async () => {
    for (const type of [
      'Application/JSON',
      'application/json; charset=UTF-8',
      'application/problem+json; x="y"',
    ])
      expect(await json('\ufeff{"a":["ü",null]}', type)).toEqual({ a: ['ü', null] })
  })

  test('refuses another type with 415, and a malformed one with 400', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'text/json',
      'application/json; charset=utf-16',
    ])
      await expect(json('{}', type)).rejects.toMatchObject({
        statusCode: 415,
        message: expect.stringContaining(type),
      })
    await expect(bodyOf(['{}']).json()).rejects.toMatchObject({
      statusCode: 415,
      message: 'Cannot read JSON from a body without Content-Type: send application/json',
    })
    await expect(json('{}', 'application/json; charset')).rejects.toMatchObject({ statusCode: 400 })
  })

  test('states where a body stops being JSON, with 400', async () => {
    const message = async (text: string | Uint8Array): Promise<string> =>
      json(text).catch(
        (error: { statusCode: number; message: string }) => `${error.statusCode} ${error.message}`,
      ) as Promise<string>
    expect(await message('{"a":1,\n "b":}')).toBe(
      '400 Cannot read the body as JSON: unexpected "}" in line 2, column 6',
    )
    expect(await message('[😀]')).toBe(
      '400 Cannot read the body as JSON: unexpected "😀" in line 1, column 2',
    )
    expect(await message('["a"')).toBe('400 Cannot read the body as JSON: it ends too early')
    expect(await message('')).toBe('400 Cannot read the body as JSON: it ends too early')
    expect(await message(Buffer.from([0x22, 0xff, 0x22]))).toBe(
      '400 Cannot read the body as JSON: it is not UTF-8',
    )
  })

  test('does not change the prototype of what it returns', async () => {
    const value = (await json('{"__proto__":{"a":1}}')) as { a?: number }
    expect([value.a, Object.keys(value)]).toEqual([undefined, ['__proto__']])
  })
})

describe('maxBytes', () => {
  test('accepts a body of maxBytes, and refuses the next byte with 413', async () => {
    const type = 'application/json'
    expect(await bodyOf(['[1', ']'], type).json({ maxBytes: 3 })).toEqual([1])
    await expect(bodyOf(['[1', ',2]'], type).json({ maxBytes: 4 })).rejects.toMatchObject({
      statusCode: 413,
      message: 'Cannot read more than 4 bytes',
    })
    expect(await bodyOf(['abc']).text({ maxBytes: 3 })).toBe('abc')
    await expect(bodyOf(['abc']).bytes({ maxBytes: 2 })).rejects.toMatchObject({ statusCode: 413 })
    await expect(bodyOf(['abc']).text({ maxbytes: 2 } as object)).rejects.toThrow('did you mean maxBytes?')
  })
})
