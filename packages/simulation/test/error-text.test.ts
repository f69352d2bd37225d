import { expect, test } from 'vitest'
import { causesOf, errorText } from '../src/error-text.ts'

const lookup = Object.assign(new Error('getaddrinfo ENOTFOUND sever'), { code: 'ENOTFOUND' })

test.each([
  ['a message', new Error('oops'), 'oops'],
  [
    'the cause that the message of fetch leaves out',
    new TypeError('fetch failed', { cause: lookup }),
    'fetch failed: getaddrinfo ENOTFOUND sever',
  ],
  [
    'no cause twice',
    new Error('lookup: getaddrinfo ENOTFOUND sever', { cause: lookup }),
    'lookup: getaddrinfo ENOTFOUND sever',
  ],
  [
    'the errors of an AggregateError without a message',
    new AggregateError([new Error('no IPv6'), new Error('no IPv4')], ''),
    'no IPv6, no IPv4',
  ],
  ['the code of an error without a message', Object.assign(new Error(''), { code: 'ERR_X' }), 'ERR_X'],
  ['the name of an error without either', new RangeError(''), 'RangeError'],
  ['a string that was thrown', 'oops', 'oops'],
  ['null that was thrown', null, 'null'],
])('errorText has %s', (_what, error, text) => {
  expect(errorText(error)).toBe(text)
})

test('errorText ends when an error causes itself', () => {
  const error = new Error('oops')
  error.cause = error
  expect(errorText(error)).toBe('oops')
})

test('causesOf returns an error and its causes', () => {
  expect(causesOf(new Error('a', { cause: lookup }))).toEqual([new Error('a', { cause: lookup }), lookup])
  expect(causesOf(undefined)).toEqual([])
})
