import { describe, expect, test } from 'vitest'
import { isThenable } from '../../src/site/thenable.ts'

describe('isThenable', () => {
  test('is true for whatever has a then to call', () => {
    const then = (): void => undefined
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested are thenables
    for (const value of [Promise.resolve(), { then }, Object.assign(() => undefined, { then })])
      expect(isThenable(value)).toBe(true)
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested are thenables
    for (const value of [undefined, null, 'then', 5, {}, { then: 5 }, () => undefined])
      expect(isThenable(value)).toBe(false)
  })
})
