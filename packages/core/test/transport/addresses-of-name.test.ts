import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { DNSLookupError } from '../../src/errors.ts'
import { addressesOfName, isNumericHost, untilAborted } from '../../src/transport/addresses-of-name.ts'

describe('addressesOfName', () => {
  const address = tcpAddress('name.test', 80)
  const never = new AbortController().signal
  const find = (lookup: () => unknown, signal = never, bindAddress?: string): Promise<readonly string[]> =>
    addressesOfName({ lookup: lookup as () => Promise<readonly string[]> }, address, signal, bindAddress)

  test('returns the addresses of both families in turn, each once', async () => {
    const found = ['2001:db8::1', '2001:db8::2', '192.0.2.1', '2001:db8::1', '192.0.2.2', '192.0.2.3']
    expect(await find(() => found)).toEqual([
      '2001:db8::1',
      '192.0.2.1',
      '2001:db8::2',
      '192.0.2.2',
      '192.0.2.3',
    ])
    expect(await find(async () => ['192.0.2.1', '2001:db8::1'])).toEqual(['192.0.2.1', '2001:db8::1'])
  })

  test('returns only what can be reached from the local address', async () => {
    const found = (): string[] => ['2001:db8::1', '192.0.2.1']
    expect(await find(found, never, '192.0.2.7')).toEqual(['192.0.2.1'])
    expect(await find(found, never, '2001:db8::7')).toEqual(['2001:db8::1'])
    await expect(find(() => ['192.0.2.1'], never, '::1')).rejects.toThrow(
      'Cannot connect to name.test:80: the name has no address of the family of ::1',
    )
  })

  const coded = (code: string): Error => Object.assign(new Error(`${code} of the system`), { code })
  test.each<[string, () => unknown, string]>([
    ['throws', thrower(new Error('broken')), 'its lookup failed: broken'],
    ['throws what is no error', thrower('broken'), 'its lookup failed: broken'],
    ['knows no such name', thrower(coded('ENOTFOUND')), 'the name has no address'],
    ['has no answer', thrower(coded('EAI_AGAIN')), 'the name service did not answer'],
    ['has an error of ours', thrower(new DNSLookupError(tcpAddress('name.test', 0), 'no luck')), 'no luck'],
    ['finds nothing', () => [], 'the name has no address'],
    [
      'returns no list',
      () => '192.0.2.1',
      'its lookup returned "192.0.2.1": return a list of numeric addresses',
    ],
    ['returns nothing', () => undefined, 'its lookup returned undefined: return a list of numeric addresses'],
    [
      'returns names',
      () => ['other.test'],
      'its lookup returned "other.test": return a list of numeric addresses',
    ],
    [
      'returns objects',
      () => [{}],
      'its lookup returned [object Object]: return a list of numeric addresses',
    ],
  ])('rejects with DNSLookupError for the name and port when the lookup %s', async (_what, lookup, why) => {
    const error = await find(lookup).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(DNSLookupError)
    expect(error).toMatchObject({ message: `Cannot connect to name.test:80: ${why}`, address })
  })

  test('rejects with the reason of its signal, though the lookup never settles', async () => {
    const stop = new AbortController()
    const pending = find(() => new Promise(() => undefined), stop.signal)
    const why = new Error('too late')
    stop.abort(why)
    await expect(pending).rejects.toBe(why)
    await expect(find(() => [], stop.signal)).rejects.toBe(why)
  })
})

describe('untilAborted', () => {
  test('settles as the promise does, and leaves no listener', async () => {
    const { signal } = new AbortController()
    expect(await untilAborted(Promise.resolve(7), signal)).toBe(7)
    const why = new Error('why')
    await expect(untilAborted(Promise.reject(why), signal)).rejects.toBe(why)
  })
})

test('isNumericHost distinguishes addresses from names', () => {
  expect(['127.0.0.1', '::1', 'fe80::1%eth0'].map(isNumericHost)).toEqual([true, true, true])
  expect(['localhost', '127.1', '1.2.3.4.example', ''].map(isNumericHost)).toEqual([
    false,
    false,
    false,
    false,
  ])
})

function thrower(what: unknown): () => never {
  return () => {
    throw what
  }
}
