import { describe, expect, it } from 'vitest'
import { cpuTicks, statusBytes } from '../src/process-usage.ts'

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

describe('statusBytes', () => {
  const status = 'Name:\tnode\nVmHWM:\t   60212 kB\nVmRSS:\t   51200 kB\n'
  it('reads a line in kB', () => expect(statusBytes(status, 'VmRSS')).toBe(51_200 * 1024))
  it('is 0 for a process that has ended', () => expect(statusBytes('Name:\tnode\n', 'VmRSS')).toBe(0))
})
