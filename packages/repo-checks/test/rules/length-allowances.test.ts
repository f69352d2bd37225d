import { describe, expect, test } from 'vitest'
import { LENGTH_ALLOWANCES } from '../../src/rules/length-allowances.ts'

describe('LENGTH_ALLOWANCES', () => {
  test('are few, and each is argued', () => {
    expect(LENGTH_ALLOWANCES.length).toBeLessThanOrEqual(5)
    expect(LENGTH_ALLOWANCES.filter(({ reason }) => reason.length < 40)).toEqual([])
  })
})
