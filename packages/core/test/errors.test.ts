import * as errors from '../src/errors.ts'
import { describe, expect, test } from 'vitest'
import { counted } from '../src/reactor.ts'
import { tcpAddress } from '../src/index.ts'

const ADDRESS = tcpAddress('192.0.2.1', 80)

describe('the reasons of connectionLost', () => {
  test('form the documented class hierarchy', () => {
    const [done, lost, aborted] = [
      new errors.ConnectionDone(),
      new errors.ConnectionLost(),
      new errors.ConnectionAborted(),
    ]
    for (const reason of [done, lost, aborted]) expect(reason).toBeInstanceOf(errors.ConnectionClosed)
    expect(aborted).toBeInstanceOf(errors.ConnectionLost)
    expect(done).not.toBeInstanceOf(errors.ConnectionLost)
    expect([done, lost, aborted].map(({ name }) => name)).toEqual([
      'ConnectionDone',
      'ConnectionLost',
      'ConnectionAborted',
    ])
  })

  test('carry a cause only when there is one', () => {
    expect('cause' in new errors.ConnectionAborted()).toBe(false)
    expect(new errors.ConnectionAborted(undefined, { cause: 7 }).cause).toBe(7)
  })
})

describe('ConnectError', () => {
  test('has the address, the reason and the code', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const error = new errors.ConnectionRefusedError(ADDRESS, 'no program listens there', cause)
    expect(error.message).toBe('Cannot connect to 192.0.2.1:80: no program listens there')
    expect(error.why).toBe('no program listens there')
    expect(error).toMatchObject({
      name: 'ConnectionRefusedError',
      code: 'ECONNREFUSED',
      address: ADDRESS,
      cause,
    })
  })

  test.each([
    errors.ConnectBindError,
    errors.ConnectionRefusedError,
    errors.NoRouteError,
    errors.TCPTimedOutError,
    errors.DNSLookupError,
    errors.TimeoutError,
    errors.ConnectingCancelledError,
    errors.NoProtocol,
  ])('is an instance of %o', (Kind) => {
    const error = new Kind(ADDRESS, 'a reason')
    expect(error).toBeInstanceOf(errors.ConnectError)
    expect([error.name, error.code, 'cause' in error]).toEqual([Kind.name, undefined, false])
  })
})

describe('CannotListenError', () => {
  test('explains common codes, and repeats the message of other errors', () => {
    const failing = (code: string): errors.CannotListenError =>
      new errors.CannotListenError(ADDRESS, Object.assign(new Error(`listen ${code}`), { code }))
    expect(failing('EADDRINUSE').message).toBe(
      'Cannot listen on 192.0.2.1:80: the address is in use (EADDRINUSE)',
    )
    expect(failing('EACCES').message).toContain('permission denied (EACCES)')
    expect(failing('EADDRNOTAVAIL').message).toContain('this machine has no such address')
    expect(failing('ENOSPC')).toMatchObject({
      code: 'ENOSPC',
      message: 'Cannot listen on 192.0.2.1:80: listen ENOSPC',
    })
    expect(new errors.CannotListenError(ADDRESS, 'odd').message).toBe('Cannot listen on 192.0.2.1:80: odd')
  })
})

describe('LocalProtocolError', () => {
  test.each([
    errors.NotConnectedError,
    errors.NotConnectingError,
    errors.AlreadyCalled,
    errors.AlreadyCancelled,
    errors.ReactorNotRunning,
    errors.ReactorAlreadyRunning,
  ])('is an instance of %o', (Kind) => {
    expect(new Kind('a reason')).toBeInstanceOf(errors.LocalProtocolError)
    expect(new Kind('a reason').name).toBe(Kind.name)
  })
})

describe('Queue errors', () => {
  test('state which limit was reached', () => {
    expect(new errors.QueueOverflow(3)).toMatchObject({ name: 'QueueOverflow', size: 3 })
    expect(new errors.QueueUnderflow(2)).toMatchObject({ name: 'QueueUnderflow', backlog: 2 })
    expect(new errors.QueueClosed('a reason')).toMatchObject({ name: 'QueueClosed', message: 'a reason' })
  })
})

describe('ExitCode', () => {
  test('accepts every exit status, and refuses numbers that would wrap around to 0', () => {
    expect(new errors.ExitCode(255)).toMatchObject({ name: 'ExitCode', code: 255, message: 'Exit with 255' })
    for (const wrong of [-1, 256, 1.5, NaN]) expect(() => new errors.ExitCode(wrong)).toThrow(RangeError)
  })
})

describe('codeOf', () => {
  test("returns the system's code, or undefined", () => {
    expect(errors.codeOf(Object.assign(new Error('x'), { code: 'EPIPE' }))).toBe('EPIPE')
    for (const none of [undefined, null, 'EPIPE', new Error('x'), { code: 7 }]) {
      expect(errors.codeOf(none)).toBeUndefined()
    }
  })
})

describe('IncompleteReadError', () => {
  test('carries the bytes received, and states how many were requested', () => {
    const partial = Buffer.from('abc')
    expect(new errors.IncompleteReadError(partial, 4)).toMatchObject({
      message: 'Cannot read 4 bytes: the input ended after 3 bytes',
      partial,
    })
    expect(new errors.IncompleteReadError(partial).message).toBe(
      'Cannot read up to the delimiter: the input ended after 3 bytes',
    )
  })
})

test('counted uses the singular for one alone', () => {
  expect([0, 1, 2].map((count) => counted(count, 'byte'))).toEqual(['0 bytes', '1 byte', '2 bytes'])
  expect([1, 2].map((count) => counted(count, 'address', 'addresses'))).toEqual(['1 address', '2 addresses'])
})
