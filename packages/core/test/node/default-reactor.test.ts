import { describe, expect, test } from 'vitest'
import { reactor } from '../../src/node/default-reactor.ts'

describe('reactor', () => {
  test('stands ready, and runs only when told', () => {
    expect(reactor.running).toBe(false)
    expect([...reactor.connections]).toEqual([])
    expect(reactor.getDelayedCalls()).toEqual([])
  })
})
