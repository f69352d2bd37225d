import { describe, expect, test } from 'vitest'
import { BodyAllowance } from '../../src/server/body-allowance.ts'

const OPTIONS = { bodyGraceMs: 10_000, bodyTimeoutMs: 60_000, minBodyBytesPerSecond: 500 }

describe('BodyAllowance', () => {
  test('begins with bodyGraceMs, and grows by 2 ms for each byte at 500 bytes a second', () => {
    const allowance = new BodyAllowance(OPTIONS)
    expect(allowance.wait(1000)).toBe(10_000)
    allowance.received(1)
    expect(allowance.wait(4000)).toBe(7_002)
    allowance.received(1000)
    expect(allowance.wait(4000)).toBe(9_002)
  })

  test('is never longer than bodyTimeoutMs, nor negative', () => {
    const allowance = new BodyAllowance(OPTIONS)
    allowance.received(1_000_000)
    expect(allowance.wait(0)).toBe(60_000)
    const spent = new BodyAllowance({ ...OPTIONS, bodyGraceMs: 5 })
    spent.wait(0)
    spent.received(1)
    expect(spent.wait(1000)).toBe(0)
  })

  test('does not change for bytes that are not part of the body', () => {
    const allowance = new BodyAllowance(OPTIONS)
    expect(allowance.wait(0)).toBe(10_000)
    expect([allowance.wait(1000), allowance.wait(9000)]).toEqual([undefined, undefined])
  })

  test('does not count time without a wait', () => {
    const allowance = new BodyAllowance(OPTIONS)
    allowance.wait(0)
    allowance.pause(3000)
    allowance.pause(50_000)
    expect(allowance.wait(100_000)).toBe(7_000)
  })

  test('without a least rate, is bodyTimeoutMs from the last byte', () => {
    const allowance = new BodyAllowance({ ...OPTIONS, minBodyBytesPerSecond: 0 })
    expect(allowance.wait(0)).toBe(60_000)
    allowance.received(1)
    expect(allowance.wait(59_000)).toBe(60_000)
  })
})
