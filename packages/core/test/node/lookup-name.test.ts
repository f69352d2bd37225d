import type { LookupAllOptions, LookupOneOptions } from 'node:dns'
import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { DNSLookupError } from '../../src/errors.ts'
import { lookupForSockets, lookupName } from '../../src/node/lookup-name.ts'

describe('lookupName', () => {
  test('answers the addresses of a name, and a numeric host itself', async () => {
    expect(await lookupName('localhost')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^127\.|^::1$/)]),
    )
    expect(await lookupName('127.0.0.1')).toEqual(['127.0.0.1'])
  })

  test('rejects with DNSLookupError for a name without an address', async () => {
    await expect(lookupName('no-such-host.invalid')).rejects.toThrow(DNSLookupError)
  })

  test('gives up with the reason of its signal', async () => {
    const controller = new AbortController()
    const pending = lookupName('localhost', { signal: controller.signal })
    const why = new Error('nobody wants to know')
    controller.abort(why)
    await expect(pending).rejects.toBe(why)
    await expect(lookupName('localhost', { signal: controller.signal })).rejects.toBe(why)
  })
})

describe('lookupForSockets', () => {
  const names = async (host: string): Promise<readonly string[]> => {
    if (host === 'both.test') return ['2001:db8::1', '192.0.2.1']
    throw new DNSLookupError(tcpAddress(host, 0), 'nobody knows it')
  }
  const ask = (host: string, options: LookupAllOptions | LookupOneOptions): Promise<unknown[]> =>
    new Promise((resolve) => lookupForSockets(names)(host, options, (...answer) => resolve(answer)))

  test('answers all addresses, or the first, of the family that is asked for', async () => {
    const [six, four] = [
      { address: '2001:db8::1', family: 6 },
      { address: '192.0.2.1', family: 4 },
    ]
    expect(await ask('both.test', { all: true })).toEqual([null, [six, four]])
    expect(await ask('both.test', {})).toEqual([null, six.address, 6])
    expect(await ask('both.test', { family: 4 })).toEqual([null, four.address, 4])
    expect(await ask('both.test', { family: 'IPv4', all: true })).toEqual([null, [four]])
  })

  test('answers why there is none', async () => {
    const [[unknown], [neither]] = [await ask('none.test', {}), await ask('both.test', { family: 5 as 4 })]
    expect(unknown).toMatchObject({
      name: 'DNSLookupError',
      message: expect.stringContaining('nobody knows it'),
    })
    expect(neither).toMatchObject({ name: 'DNSLookupError', message: expect.stringContaining('no address') })
  })

  test.each([undefined, 'x', new Error('thrown')])(
    'answers an error when it is answered %s',
    async (wrong) => {
      const answers = (): never => {
        if (wrong instanceof Error) throw wrong
        return wrong as never
      }
      const answer = await new Promise((resolve) => lookupForSockets(answers)('a.test', {}, resolve))
      expect(answer).toBeInstanceOf(Error)
    },
  )
})
