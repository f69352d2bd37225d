import { describe, expect, test } from 'vitest'
import { attemptFailure } from '../../src/endpoint/attempt-failure.ts'
import {
  ConnectionAborted,
  ConnectionRefusedError,
  InvalidAddressError,
  tcpAddress,
  TLSConfigurationError,
} from '../../src/index.ts'

describe('attemptFailure', () => {
  const address = tcpAddress('192.0.2.1', 80)
  const withCode = (error: Error, code: string): Error => Object.assign(error, { code })

  test.each([
    ['the end of a connection', new ConnectionAborted(), 'NoProtocol'],
    ['a host that cannot be used', new InvalidAddressError('a b', 'it has a space'), 'ConnectError'],
    ['a path that is too long', withCode(new Error('too long'), 'ENAMETOOLONG'), 'ConnectError'],
    ['an address that is none', withCode(new TypeError('bad'), 'ERR_INVALID_IP_ADDRESS'), 'ConnectBindError'],
    ['what Node does not take', withCode(new TypeError('bad'), 'ERR_INVALID_ARG_VALUE'), 'ConnectError'],
  ])('is a ConnectError for %s', (_what, error, name) => {
    expect(attemptFailure(address, error)).toMatchObject({ name, address, cause: error })
  })

  test.each([
    new ConnectionRefusedError(address, 'no program listens there'),
    new TLSConfigurationError('the certificate', new Error('it is none')),
    new TypeError('Cannot take factory undefined'),
    new RangeError('Cannot take port 70000'),
    'no error at all',
  ])('leaves %s as it is', (error) => {
    expect(attemptFailure(address, error)).toBe(error)
  })
})
