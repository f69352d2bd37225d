import { describe, expect, test } from 'vitest'
import { Fifo } from '../../src/time/fifo.ts'

describe('Fifo', () => {
  const drain = (fifo: Fifo<string>): string => {
    let all = ''
    for (let entry = fifo.shift(); entry !== undefined; entry = fifo.shift()) all += entry.value
    return all
  }

  test('answers in the order things came', () => {
    const fifo = new Fifo<string>()
    for (const value of 'abc') fifo.push(value)
    expect([fifo.length, drain(fifo), fifo.length]).toEqual([3, 'abc', 0])
    fifo.push('d')
    expect([fifo.length, drain(fifo)]).toEqual([1, 'd'])
  })

  test.each([
    ['a', 'bcd'],
    ['b', 'acd'],
    ['d', 'abc'],
    ['ad', 'bc'],
    ['bc', 'ad'],
    ['dcb', 'a'],
    ['abcd', ''],
  ])('without %s of abcd it has %s, and goes on', (removed, left) => {
    const fifo = new Fifo<string>()
    const entries = new Map(Array.from('abcd', (value) => [value, fifo.push(value)]))
    for (const value of removed) fifo.remove(entries.get(value) ?? expect.unreachable())
    expect(fifo.length).toBe(left.length)
    fifo.push('e')
    expect(drain(fifo)).toBe(`${left}e`)
  })
})
