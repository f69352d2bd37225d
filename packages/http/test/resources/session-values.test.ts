import { describe, expect, test } from 'vitest'
import { SessionValues } from '../../src/resources/session-values.ts'

describe('SessionValues', () => {
  test('keep copies: a value that is changed later changes nothing', () => {
    const values = new SessionValues(1_000)
    const list = [1]
    values.set('list', list)
    list.push(2)
    const read = values.get('list') as number[]
    read.push(3)
    expect(values.get('list')).toEqual([1])
  })

  test('count as changed only when a value differs', () => {
    const values = SessionValues.parse('{"a":{"b":1}}', 1_000)
    values?.set('a', { b: 1 })
    values?.delete('c')
    expect(values?.changed).toBe(false)
    values?.delete('a')
    expect(values?.changed).toBe(true)
  })

  test('return what they parsed, the names of every object included', () => {
    const text = '{"__proto__":{"admin":true},"constructor":1,"é\\"":"x"}'
    const values = SessionValues.parse(text, 1_000)
    expect(values?.asJSON()).toBe(text)
    expect(values?.get('__proto__')).toEqual({ admin: true })
    expect(values?.get('toString')).toBeUndefined()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  test('have a bound in bytes, of which a replaced value is no part', () => {
    const values = new SessionValues(8)
    values.set('a', 'é123')
    expect(() => values.set('b', 1)).toThrow(RangeError)
    expect(() => values.set('b', 1)).toThrow('more than 8 bytes: keep less, or raise maxSessionBytes')
    values.set('a', '')
    values.set('b', 1)
    expect(() => values.set('a', 'x'.repeat(80))).toThrow(RangeError)
    expect(values.asJSON()).toBe('{"a":"","b":1}')
  })

  test.each([[undefined], [() => 1], [Symbol('s')], [1n]])('refuse %s', (value) => {
    expect(() => new SessionValues(100).set('a', value)).toThrow(TypeError)
  })
})
