import { describe, expect, it } from 'vitest'
import { isDisturbed } from '../src/disturbance.ts'

describe('isDisturbed', () => {
  const figures = { requests: 1, replyBytes: 1, seconds: 2, p50Ms: 1, p99Ms: 1 }
  const of = (cpuSeconds: number, loadCPUSeconds: number, othersSeconds?: number) =>
    isDisturbed({
      ...figures,
      cpuSeconds,
      loadCPUSeconds,
      ...(othersSeconds === undefined ? {} : { othersSeconds }),
    })
  it('is false when the server or the load process is at its limit', () => {
    expect(of(1.8, 0.2, 0.4)).toBe(false)
    expect(of(0.2, 1.8, 0.4)).toBe(false)
  })
  it('is true when neither is, and other programs used more than a twentieth of a core', () => {
    expect(of(1.79, 1.79, 0.11)).toBe(true)
    expect(of(1.79, 1.79, 0.1)).toBe(false)
  })
  it('is true when neither is, and it is unknown why', () => {
    expect(of(1.79, 1.79)).toBe(true)
  })
})
