import { describe, expect, test } from 'vitest'
import { tcpAddress, unixAddress } from '../../src/addresses.ts'
import { TrustedSources } from '../../src/proxy/trusted-sources.ts'

describe('TrustedSources', () => {
  const [inside, outside, socket] = [tcpAddress('10.1.2.3', 1), tcpAddress('192.0.2.1', 1), unixAddress('')]
  const answers = (sources: 'any' | readonly string[]): boolean[] =>
    [inside, outside, socket].map((address) => new TrustedSources(sources).include(address))

  test('include the addresses, the blocks and the sockets they name, and no others', () => {
    expect(answers(['10.0.0.0/8', '::1'])).toEqual([true, false, false])
    expect(answers(['unix'])).toEqual([false, false, true])
    expect(answers(['192.0.2.1', 'unix'])).toEqual([false, true, true])
  })

  test('include everybody when that is said', () => {
    expect(answers('any')).toEqual([true, true, true])
  })

  test('believe nobody by default, and say what to do', () => {
    expect(() => new TrustedSources(undefined)).toThrow(/without trustedSources.*name your proxies/)
    expect(() => new TrustedSources([])).toThrow(/without trustedSources/)
  })

  test('refuse what is no list, and what names nobody', () => {
    expect(() => new TrustedSources('10.0.0.0/8' as never)).toThrow(
      "give a list of addresses and blocks, or 'any'",
    )
    expect(() => new TrustedSources(['proxy'])).toThrow('Cannot read "proxy" as addresses')
    expect(() => new TrustedSources(['any'])).toThrow('Cannot read "any" as addresses')
  })
})
