import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryReactor } from '@ropewalk/core/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { RequestBody } from '../../src/body/request-body.ts'
import { type SavedFile, saveFile } from '../../src/uploads/saved-file.ts'
import { disposition } from '../codec/forms.ts'
import { arrivingBody, bodyOf } from '../server/bodies.ts'
import { unhandledRejectionsDuring } from '../server/unhandled-rejections.ts'

const TYPE = 'multipart/form-data; boundary=b'
const part = (name: string, text: string, filename?: string): string =>
  `--b\r\n${disposition(name, filename)}\r\n${text}\r\n`
const FORM = `${part('a', '1')}${part('f', 'content', 'x.txt')}${part('é', 'ü')}--b--\r\n`

describe('parts', () => {
  test('returns fields and files as they arrive', async () => {
    const body = arrivingBody({ 'Content-Type': TYPE })
    const parts = body.parts()
    const first = parts.next()
    body.pieceReceived(Buffer.from(FORM.slice(0, 60)))
    const { value: field } = await first
    expect(field).toMatchObject({ name: 'a', filename: undefined, type: 'text/plain' })
    body.pieceReceived(Buffer.from(FORM.slice(60)))
    body.completed()
    expect(await field?.text()).toBe('1')
    const { value: file } = await parts.next()
    expect(file).toMatchObject({ name: 'f', filename: 'x.txt' })
    expect(file?.headers.get('content-disposition')).toContain('x.txt')
    const pieces: string[] = []
    for await (const piece of file ?? []) pieces.push(piece.toString())
    expect(pieces.join('')).toBe('content')
    const { value: last } = await parts.next()
    expect([last?.name, await last?.text()]).toEqual(['é', 'ü'])
    expect((await parts.next()).done).toBe(true)
  })

  test('reads a form that is urlencoded in the same way', async () => {
    const seen: string[] = []
    for await (const { name, text } of namedTexts(bodyOf(['a=1&', 'b=%C3%BC'], FORM_TYPE)))
      seen.push(`${name}=${await text}`)
    expect(seen).toEqual(['a=1', 'b=ü'])
  })

  test('drops what is not read of a part', async () => {
    const names: string[] = []
    for await (const { name } of bodyOf([FORM], TYPE).parts()) names.push(name)
    expect(names).toEqual(['a', 'f', 'é'])
    for await (const one of bodyOf([FORM], TYPE).parts()) {
      for await (const piece of one) {
        expect(piece.length).toBeGreaterThan(0)
        break
      }
      names.push(one.name)
    }
    expect(names.slice(3)).toEqual(['a', 'f', 'é'])
  })

  test('waits for the text of a part that is not awaited yet', async () => {
    const texts: Promise<string>[] = []
    for await (const one of bodyOf(
      Array.from(FORM, (char) => Buffer.from(char, 'utf8')),
      TYPE,
    ).parts())
      texts.push(one.text())
    expect(await Promise.all(texts)).toEqual(['1', 'content', 'ü'])
  })

  test('refuses to read a part twice, or after the next one', async () => {
    const parts = bodyOf([FORM], TYPE).parts()
    const { value: first } = await parts.next()
    const { value: second } = await parts.next()
    await expect(first?.text()).rejects.toThrow('after the next one')
    await second?.bytes()
    await expect(second?.text()).rejects.toThrow('twice')
    await parts.return()
    const { value: third } = await bodyOf([FORM], TYPE).parts().next()
    expect(await third?.text()).toBe('1')
  })

  test('refuses a part after the iteration has ended', async () => {
    const parts = bodyOf([FORM], TYPE).parts()
    const { value: first } = await parts.next()
    await parts.return()
    await expect(first?.text()).rejects.toThrow('after the next one')
  })

  test('refuses other types, malformed ones, and coded bodies', async () => {
    const status = async (type: string | undefined, headers = {}): Promise<unknown> =>
      bodyOf([FORM], type, headers)
        .formData()
        .catch((error: { statusCode: number; message: string }) => `${error.statusCode} ${error.message}`)
    expect(await status(undefined)).toMatch(/^415 .*without Content-Type/)
    expect(await status('multipart/mixed; boundary=b')).toMatch(/^415 .*multipart\/mixed/)
    expect(await status('multipart/form-data')).toMatch(/^400 .*no boundary/)
    expect(await status('multipart/form-data; boundary=')).toMatch(/^400 Cannot read Content-Type/)
    expect(await status('multipart/form-data; boundary="ü"')).toMatch(/^400 .*boundary/)
    expect(await status(TYPE, { 'Content-Encoding': 'gzip' })).toMatch(/^415 .*gzip/)
    expect(await status('application/json')).toMatch(/^415/)
  })

  test('refuses more than maxBytes of a form, or of a part, with 413', async () => {
    const body = (): RequestBody => bodyOf([FORM], TYPE)
    const tooLong = expect.objectContaining({ statusCode: 413 })
    expect([...(await body().formData({ maxBytes: Buffer.byteLength(FORM) }))].length).toBe(3)
    await expect(body().formData({ maxBytes: Buffer.byteLength(FORM) - 1 })).rejects.toEqual(tooLong)
    const { value: field } = await body().parts().next()
    await expect(field?.bytes({ maxBytes: 0 })).rejects.toEqual(tooLong)
    expect(() => body().parts({ maxFields: Number.NaN })).toThrow(RangeError)
    expect(() => body().parts({ maxField: 1 } as object)).toThrow('did you mean maxFields?')
  })

  test('a client that leaves fails the reading, and is not an unhandled rejection', async () => {
    const gone = new Error('gone')
    const failures: unknown[] = []
    const unhandled = await unhandledRejectionsDuring(async () => {
      const body = arrivingBody({ 'Content-Type': TYPE })
      body.pieceReceived(Buffer.from(part('a', '').slice(0, -2)))
      const { value: field } = await body.parts().next()
      const text = field?.text()
      void field?.[Symbol.asyncIterator]()
        .next()
        .catch(() => undefined)
      body.failed(gone)
      failures.push(await text?.catch((error: unknown) => error))
      const other = arrivingBody({ 'Content-Type': TYPE })
      other.pieceReceived(Buffer.from(part('a', '').slice(0, -2)))
      const { value: ignored } = await other.parts().next()
      void ignored?.text()
      other.failed(gone)
    })
    expect([failures, unhandled]).toEqual([[gone], []])
  })

  test('a malformed form fails the reading of the part, then the iteration', async () => {
    const parts = bodyOf([part('a', 'x'), '--bx'], TYPE).parts()
    const { value: field } = await parts.next()
    expect(await field?.text()).toBe('x')
    await expect(parts.next()).rejects.toMatchObject({ statusCode: 400 })
    expect((await parts.next()).done).toBe(true)
  })
})

describe('formData', () => {
  test('has text for fields, and a File for files', async () => {
    const form = await bodyOf(
      [`${part('p', 'x', 'dir/photo.jpg')}${part('e', '', '')}${FORM}`],
      TYPE,
    ).formData()
    expect([...form.keys()]).toEqual(['p', 'e', 'a', 'f', 'é'])
    const file = form.get('p')
    if (!(file instanceof File)) throw new Error('Cannot test a file that is text')
    expect([file.name, file.type, await file.text()]).toEqual(['photo.jpg', 'text/plain', 'x'])
    const none = form.get('e')
    expect([none instanceof File && none.name, none instanceof File && none.size]).toEqual(['', 0])
    expect(form.get('a')).toBe('1')
  })
})

describe('saveTo', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ropewalk-uploads-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  /** A body of FORM, and how to end its request. */
  function uploading(pieces: string[]): { body: RequestBody; end: () => void; reactor: MemoryReactor } {
    let end = (): void => undefined
    const finished = new Promise<void>((resolve) => (end = resolve))
    const reactor = new MemoryReactor()
    const requestHeaders = Headers.fromFields(['Content-Type', TYPE])
    const body = new RequestBody({ bodyWanted: () => undefined }, { requestHeaders, reactor, finished })
    for (const piece of pieces) body.pieceReceived(Buffer.from(piece))
    return { body, end, reactor }
  }

  async function saved(body: RequestBody): Promise<SavedFile[]> {
    const files: SavedFile[] = []
    for await (const one of body.parts())
      if (one.filename !== undefined) files.push(await one.saveTo(directory))
    return files
  }

  test('writes a file that only its owner can read, under a name that has nothing of the client', async () => {
    const { body, end } = uploading(Array.from(FORM))
    body.completed()
    const [file] = await saved(body)
    if (file === undefined) throw new Error('Cannot test without a file')
    expect(file.path).toMatch(/upload-[0-9a-f]{32}$/)
    expect(file).toMatchObject({ size: 7, filename: 'x.txt', type: 'text/plain' })
    expect(await readFile(file.path, 'utf8')).toBe('content')
    expect((await stat(file.path)).mode & 0o777).toBe(0o600)
    end()
    await expect.poll(() => readdir(directory)).toEqual([])
    await file.remove()
  })

  test('leaves a file that was kept, and ignores one that is gone', async () => {
    const { body, end, reactor } = uploading([FORM.replace(part('é', 'ü'), part('g', 'other', 'y'))])
    body.completed()
    const [kept, moved] = await saved(body)
    if (kept === undefined || moved === undefined) throw new Error('Cannot test without files')
    onTestFinished(() => rm(kept.path))
    expect(kept.keep()).toBe(kept.path)
    await rm(moved.path)
    end()
    await moved.remove()
    await kept.remove()
    expect(() => moved.keep()).toThrow('removed when its request ended')
    expect(await readFile(kept.path, 'utf8')).toBe('content')
    expect(reactor.logged).toEqual([])
  })

  test('removes the file when the upload breaks off, or exceeds a limit', async () => {
    const { body } = uploading([part('f', 'half', 'x').slice(0, -2)])
    const reading = saved(body)
    await expect.poll(() => readdir(directory)).toHaveLength(1)
    body.failed(new Error('gone'))
    await expect(reading).rejects.toThrow('gone')
    expect(await readdir(directory)).toEqual([])
    const { value: file } = await bodyOf([FORM.slice(FORM.indexOf(part('f', 'content', 'x.txt')))], TYPE)
      .parts({ maxFileBytes: 6 })
      .next()
    await expect(file?.saveTo(directory)).rejects.toMatchObject({ statusCode: 413 })
    expect(await readdir(directory)).toEqual([])
  })

  test('rejects a directory that does not exist, and what is not a path', async () => {
    const first = async (): Promise<Promise<SavedFile> | undefined> =>
      (
        await bodyOf([part('f', 'x', 'y'), '--b--'], TYPE)
          .parts()
          .next()
      ).value?.saveTo(join(directory, 'none'))
    await expect(first()).rejects.toThrow('ENOENT')
    const { value: file } = await bodyOf([part('f', 'x', 'y'), '--b--'], TYPE)
      .parts()
      .next()
    await expect(file?.saveTo('')).rejects.toThrow('saveTo')
    await expect(file?.saveTo('a\0b')).rejects.toThrow('NUL')
  })

  test.each([
    ['EMFILE', 503],
    ['ENOSPC', 507],
  ])('is a failure of the server when the system has nothing left: %s', async (code, statusCode) => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield Buffer.from('x')
      throw Object.assign(new Error(code), { code })
    }
    const saving = saveFile(failing(), directory, 'exhausted', { filename: undefined, type: 'text/plain' })
    await expect(saving).rejects.toMatchObject({ statusCode })
    expect(await readdir(directory)).not.toContain('exhausted')
  })

  test('never follows or replaces what is at its path', async () => {
    const { body, reactor } = uploading([FORM])
    body.completed()
    reactor.randomBytes = () => Buffer.alloc(16)
    const taken = join(directory, `upload-${'0'.repeat(32)}`)
    await writeFile(taken, 'other')
    onTestFinished(() => rm(taken))
    await expect(saved(body)).rejects.toThrow('EEXIST')
    expect(await readFile(taken, 'utf8')).toBe('other')
  })
})

async function* namedTexts(body: RequestBody): AsyncGenerator<{ name: string; text: Promise<string> }> {
  for await (const one of body.parts()) yield { name: one.name, text: one.text() }
}

const FORM_TYPE = 'application/x-www-form-urlencoded'
