import { describe, expect, test } from 'vitest'
import { DropCounter } from '../../src/datagram/drop-record.ts'

describe('DropCounter', () => {
  test('counts every drop, and warns of the first of each kind', () => {
    const warnings: unknown[] = []
    const record = new DropCounter(({ text, error }) => warnings.push([text, error]))
    const error = new Error('EPERM')
    record.add('tooLong')
    record.add('tooLong')
    record.add('failed', error)
    record.add('failed', new Error('another'))
    expect(record.counts).toEqual({ unsent: 0, late: 0, failed: 2, tooLong: 2, unread: 0, stranger: 0 })
    expect(warnings).toEqual([
      [expect.stringContaining('longer than maxPacketBytes'), undefined],
      [expect.stringContaining('could not send'), error],
    ])
  })

  test('says nothing about what is written after the end', () => {
    const warnings: unknown[] = []
    const record = new DropCounter((event) => warnings.push(event))
    record.add('late')
    expect([record.counts.late, warnings]).toEqual([1, []])
  })

  test('answers counts that stay as they were', () => {
    const record = new DropCounter(() => undefined)
    const before = record.counts
    record.add('unread')
    expect([before.unread, record.counts.unread]).toEqual([0, 1])
  })
})
