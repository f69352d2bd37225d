import { describe, expect, test } from 'vitest'
import { BodyAllowance } from '../../src/server/body-allowance.ts'

const OPTIONS = { bodyGraceMs: 10_000, bodyTimeoutMs: 60_000, minBodyBytesPerSecond: 500 }

describe('BodyAllowance', () => {
  test('begins with the grace, and grows by two milliseconds a byte at 500 bytes a second', () => {
    const allowance = new BodyAllowance(OPTIONS)
    expect(allowance.wait(1000)).toBe(10_000)
    allowance.received(1)
    expect(allowance.wait(4000)).toBe(7_002)
    allowance.received(1000)
    expect(allowance.wait(4000)).toBe(9_002)
  })

  test('is never longer than bodyTimeoutMs at once, nor negative', () => {
    const allowance = new BodyAllowance(OPTIONS)
    allowance.received(1_000_000)
    expect(allowance.wait(0)).toBe(60_000)
    const spent = new BodyAllowance({ ...OPTIONS, bodyGraceMs: 5 })
    spent.wait(0)
    spent.received(1)
    expect(spent.wait(1000)).toBe(0)
  })

  test('stays as it is when something came that is no part of the body', () => {
    const allowance = new BodyAllowance(OPTIONS)
    expect(allowance.wait(0)).toBe(10_000)
    expect([allowance.wait(1000), allowance.wait(9000)]).toEqual([undefined, undefined])
  })

  test('counts no time in which nothing is waited for', () => {
    const allowance = new BodyAllowance(OPTIONS)
    allowance.wait(0)
    allowance.pause(3000)
    allowance.pause(50_000)
    expect(allowance.wait(100_000)).toBe(7_000)
  })

  test('without a least rate only bodyTimeoutMs counts, from the last byte', () => {
    const allowance = new BodyAllowance({ ...OPTIONS, minBodyBytesPerSecond: 0 })
    expect(allowance.wait(0)).toBe(60_000)
    allowance.received(1)
    expect(allowance.wait(59_000)).toBe(60_000)
  })
})
