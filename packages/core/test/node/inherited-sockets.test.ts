import { describe, expect, test } from 'vitest'
import { inheritedSockets } from '../../src/node/inherited-sockets.ts'

describe('inheritedSockets', () => {
  test('counts from descriptor 3, with the names that systemd gives', () => {
    const environment = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'http:metrics' }
    expect(inheritedSockets(environment, 7)).toEqual([
      { fd: 3, name: 'http' },
      { fd: 4, name: 'metrics' },
      { fd: 5, name: 'unknown' },
    ])
  })

  test.each([
    ['nobody', {}],
    ['another process', { LISTEN_PID: '8', LISTEN_FDS: '1' }],
    ['a number that is none', { LISTEN_PID: '7', LISTEN_FDS: 'x' }],
  ])('are none from %s', (_who, environment) => {
    expect(inheritedSockets(environment, 7)).toEqual([])
  })
})
