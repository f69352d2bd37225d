import { describe, expect, test } from 'vitest'
import { HTTPError, RemoteProtocolError, STATUS_CODE, type Violation } from '../src/errors.ts'
import { reasonPhrase } from '../src/message/status.ts'

describe('RemoteProtocolError', () => {
  test('knows the status of every violation, a registered error', () => {
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

  test('is for errors only', () => {
    for (const code of [200, 302, 399, 600, 404.5, Number.NaN])
      expect(() => new HTTPError(code)).toThrow(RangeError)
  })
})
