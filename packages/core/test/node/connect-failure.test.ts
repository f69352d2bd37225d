import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { connectFailure } from '../../src/node/connect-failure.ts'

const ADDRESS = tcpAddress('192.0.2.1', 80)

describe('connectFailure', () => {
  test.each([
    ['ECONNREFUSED', 'ConnectionRefusedError', 'no program listens there (ECONNREFUSED)'],
    ['ENOENT', 'ConnectionRefusedError', 'there is no such socket (ENOENT)'],
    ['ETIMEDOUT', 'TCPTimedOutError', 'no answer came (ETIMEDOUT)'],
    ['ENOTFOUND', 'DNSLookupError', 'the name has no address (ENOTFOUND)'],
    ['EAI_AGAIN', 'DNSLookupError', 'the name service did not answer (EAI_AGAIN)'],
    ['EHOSTUNREACH', 'NoRouteError', 'the host cannot be reached (EHOSTUNREACH)'],
    ['ENETUNREACH', 'NoRouteError', 'the network cannot be reached (ENETUNREACH)'],
    ['EADDRNOTAVAIL', 'ConnectBindError', 'the local address cannot be used (EADDRNOTAVAIL)'],
    ['EADDRINUSE', 'ConnectBindError', 'the local address is in use (EADDRINUSE)'],
    ['EMFILE', 'ConnectError', 'connect EMFILE'],
  ])('makes of %s a %s', (code, name, why) => {
    const cause = Object.assign(new Error(`connect ${code}`), { code })
    const failure = connectFailure(ADDRESS, cause)
    expect(failure).toMatchObject({ name, code, cause, address: ADDRESS })
    expect(failure.message).toBe(`Cannot connect to 192.0.2.1:80: ${why}`)
  })

  test('understands the error of several addresses that were tried', () => {
    const cause = Object.assign(new AggregateError([new Error('one'), new Error('two')], ''), {
      code: 'ECONNREFUSED',
    })
    expect(connectFailure(ADDRESS, cause)).toMatchObject({ name: 'ConnectionRefusedError', cause })
  })

  test('repeats what it does not know', () => {
    expect(connectFailure(ADDRESS, 'odd').message).toBe('Cannot connect to 192.0.2.1:80: odd')
    const silent = Object.assign(new Error(''), { code: 'EODD' })
    expect(connectFailure(ADDRESS, silent).message).toBe('Cannot connect to 192.0.2.1:80: EODD')
  })
})
