import { describe, expect, test } from 'vitest'
import {
  HTTPError,
  isExpected,
  RemoteProtocolError,
  STATUS_CODE,
  statusOf,
  type Violation,
} from '../src/errors.ts'
import { reasonPhrase } from '../src/message/status.ts'

describe('RemoteProtocolError', () => {
  test('has a registered error status for every violation', () => {
    for (const violation of Object.keys(STATUS_CODE) as Violation[]) {
      const { statusCode } = new RemoteProtocolError(violation, 'x')
      expect(statusCode).toBeGreaterThanOrEqual(400)
      expect(reasonPhrase(statusCode)).not.toBe('Unknown Status')
    }
  })
})

describe('HTTPError', () => {
  test('carries a status, headers and a cause', () => {
    const cause = new Error('why')
    const error = new HTTPError(401, 'Who are you', { headers: [['WWW-Authenticate', 'Basic']], cause })
    expect(error).toMatchObject({
      statusCode: 401,
      message: 'Who are you',
      headers: [['WWW-Authenticate', 'Basic']],
      cause,
    })
  })

  test('refuses a status that is not an error', () => {
    for (const code of [200, 302, 399, 600, 404.5, Number.NaN])
      expect(() => new HTTPError(code)).toThrow(RangeError)
  })

  test('has the reason phrase as its default message', () => {
    expect(new HTTPError(404).message).toBe('Not Found')
    expect(new HTTPError(404, undefined, { headers: [] }).message).toBe('Not Found')
    expect(new HTTPError(404, '').message).toBe('')
    expect(HTTPError.withoutStack(405).message).toBe('Method Not Allowed')
  })

  test('withoutStack differs only in its stack', () => {
    const options = { headers: [['Allow', 'GET']], cause: new Error('why') } as const
    const error = HTTPError.withoutStack(405, 'no', options)
    expect(error).toBeInstanceOf(HTTPError)
    expect(error).toBeInstanceOf(Error)
    expect(error.stack).toBeUndefined()
    const { name, message, statusCode, headers, cause } = new HTTPError(405, 'no', options)
    expect(error).toMatchObject({ name, message, statusCode, headers, cause })
    expect(String(error)).toBe('HTTPError: no')
    expect('cause' in HTTPError.withoutStack(404)).toBe(false)
    expect(() => HTTPError.withoutStack(399)).toThrow('give an integer from 400 to 599')
  })
})

describe('isExpected', () => {
  test('is true for an error that has the status of its response', () => {
    const errors = [
      new HTTPError(404),
      HTTPError.withoutStack(404),
      new RemoteProtocolError('truncated', 'x'),
    ]
    expect(errors.every(isExpected)).toBe(true)
    for (const other of [new Error('x'), { statusCode: 404 }, undefined])
      expect(isExpected(other)).toBe(false)
  })
})

describe('statusOf', () => {
  test('is that of the error, and 500 for any other value', () => {
    expect(statusOf(new HTTPError(404))).toBe(404)
    expect(statusOf(new RemoteProtocolError('head-too-large', 'x'))).toBe(431)
    for (const other of [new Error('x'), 'x', undefined, { statusCode: 404 }])
      expect(statusOf(other)).toBe(500)
  })
})
