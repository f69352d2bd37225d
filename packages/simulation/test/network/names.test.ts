import { describe, expect, test } from 'vitest'
import { Names } from '../../src/network/names.ts'

describe('Names', () => {
  test('find the addresses of a name in any case, and return an address as it is', () => {
    const names = new Names()
    names.set('Server', ['10.0.0.1', '10.0.0.2'])
    expect([names.find('sERVER'), names.find('192.0.2.1'), names.find('::1')]).toEqual([
      ['10.0.0.1', '10.0.0.2'],
      ['192.0.2.1'],
      ['::1'],
    ])
    expect([names.isAddress('::1'), names.isAddress('server')]).toEqual([true, false])
  })

  test('find an international name as it is written and in its encoded form', () => {
    const names = new Names()
    names.set('Bücher.example', ['10.0.0.1'])
    names.set('xn--r8jz45g.example', ['10.0.0.2'])
    expect(
      ['bücher.example', 'xn--bcher-kva.example', '例え.example'].map((name) => names.find(name)),
    ).toEqual([['10.0.0.1'], ['10.0.0.1'], ['10.0.0.2']])
  })

  test('fail for an unknown name, and for every name while the service fails', () => {
    const names = new Names()
    names.set('server', ['10.0.0.1'])
    expect(() => names.find('other')).toThrow('the name has no address')
    names.conditions = { delayMs: 5, failing: true }
    expect(() => names.find('server')).toThrow('the name service did not respond')
    expect(names.find('10.0.0.1')).toEqual(['10.0.0.1'])
  })
})
