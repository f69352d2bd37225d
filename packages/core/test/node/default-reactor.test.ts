import { describe, expect, test } from 'vitest'
import { reactor } from '../../src/index.ts'

describe('reactor', () => {
  test('exists at import, and runs only on request', () => {
    expect(reactor.running).toBe(false)
    expect([...reactor.connections]).toEqual([])
    expect(reactor.getDelayedCalls()).toEqual([])
  })
})
