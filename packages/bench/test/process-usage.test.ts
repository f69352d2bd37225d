import { describe, expect, it } from 'vitest'
import { coreTicks, cpuTicks, statusBytes } from '../src/process-usage.ts'

const STAT = '4242 (node) S 4200 4242 4200 34816 4242 4194304 9083 77 0 0 150 27 8 3 20 0 11 0 88 1 2'

describe('cpuTicks', () => {
  it('adds user and system time, of the process and of its children', () => {
    expect(cpuTicks(STAT)).toBe(150 + 27 + 8 + 3)
  })
  it('reads past a name with spaces and parentheses', () => {
    expect(cpuTicks(STAT.replace('(node)', '(a) R 1 (b c)'))).toBe(188)
  })
  it('throws for another format', () => {
    expect(() => cpuTicks('4242 (node) S 1 2')).toThrow('Cannot read CPU time from "4242 (node) S 1 2"')
  })
})

describe('coreTicks', () => {
  const stat =
    'cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 4 800 7 50 60 8 0 0\ncpu1 10 20 40 80 7 5 6 80 0 0\nintr 1\n'
  it('adds user, nice, system and steal of one core', () => {
    expect([0, 1].map((core) => coreTicks(stat, core))).toEqual([15, 150])
  })
  it('throws for a core that is absent', () => {
    expect(() => coreTicks(stat, 2)).toThrow('Cannot find cpu2')
  })
})

describe('statusBytes', () => {
  const status = 'Name:\tnode\nVmHWM:\t   60212 kB\nVmRSS:\t   51200 kB\n'
  it('reads a line in kB', () => expect(statusBytes(status, 'VmRSS')).toBe(51_200 * 1024))
  it('is 0 for a process that has ended', () => expect(statusBytes('Name:\tnode\n', 'VmRSS')).toBe(0))
})
