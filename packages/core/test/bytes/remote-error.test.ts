import { describe, expect, test } from 'vitest'
import { LineTooLongError, RemoteError, RemoteError as ofTheMainEntry } from '../../src/bytes.ts'

test('is the same class for the packages that parse and for the reactor that logs it', () => {
  class Malformed extends RemoteError {}
  expect(ofTheMainEntry).toBe(RemoteError)
  expect(new Malformed('no number', { cause: 'zz' })).toMatchObject({ message: 'no number', cause: 'zz' })
})

describe('LineTooLongError', () => {
  test('carries the limit, and is the fault of the peer', () => {
    const error = new LineTooLongError(80)
    expect(error).toBeInstanceOf(RemoteError)
    expect(error.limitBytes).toBe(80)
    expect(error.message).toContain('first 80 bytes')
  })
})
