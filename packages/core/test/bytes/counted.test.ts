import { expect, test } from 'vitest'
import { counted } from '../../src/bytes.ts'

test('counted uses the singular for one alone', () => {
  expect([0, 1, 2].map((count) => counted(count, 'byte'))).toEqual(['0 bytes', '1 byte', '2 bytes'])
  expect([1, 2].map((count) => counted(count, 'address', 'addresses'))).toEqual(['1 address', '2 addresses'])
})
