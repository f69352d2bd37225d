import { describe, expect, test } from 'vitest'
import { isRedirect, redirectFrom } from '../../src/client/redirect.ts'
import { webSocketTarget } from '../../src/client/websocket-url.ts'

function redirect(from: string, location: string): string {
  const { target, sameOrigin } = redirectFrom(webSocketTarget(from), location)
  const credentials = target.authorization === undefined ? '' : ' with credentials'
  return `${target.url.href}${sameOrigin ? ' same origin' : ''}${credentials}`
}

describe('redirectFrom', () => {
  test.each([
    ['ws://u:p@h/a/b', 'c', 'ws://h/a/c same origin with credentials'],
    ['ws://u:p@h/a', 'http://h:80/c#part', 'ws://h/c same origin with credentials'],
    ['wss://u:p@h/a', 'https://h/c', 'wss://h/c same origin with credentials'],
    ['ws://u:p@h/a', 'ws://h:81/a', 'ws://h:81/a'],
    ['ws://u:p@h/a', 'ws://sub.h/a', 'ws://sub.h/a'],
    ['ws://u:p@h/a', '//other/a', 'ws://other/a'],
    ['ws://u:p@h/a', 'wss://h/a', 'wss://h/a'],
    ['ws://u:p@h:8080/a', 'wss://h:8080/a', 'wss://h:8080/a'],
    ['ws://h/a', 'ws://x:y@h/b', 'ws://h/b same origin'],
    ['ws://h/a', 'ws://x:y@other/b', 'ws://other/b'],
  ])('from %s to %s leads to %s', (from, location, expected) => {
    expect(redirect(from, location)).toBe(expected)
  })

  test.each([
    ['wss://h/a', 'ws://h/a', 'it leaves TLS'],
    ['wss://h/a', 'http://h/a', 'it leaves TLS'],
    ['wss://h/a', 'http://other/a', 'it leaves TLS'],
    ['ws://h/a', 'ftp://h/a', 'it is not the URL of a WebSocket'],
    ['ws://h/a', 'ws+unix:/run/docker.sock:/a', 'it is not the URL of a WebSocket'],
    ['ws://h/a', 'ws://[::1/a', 'it is not a URL'],
    ['ws+unix:/run/a.sock:/a', 'ws://other/a', 'it leaves the UNIX socket'],
    ['ws+unix:/run/a.sock:/a', 'ws://localhost:81/a', 'it leaves the UNIX socket'],
  ])('from %s to %s is refused', (from, location, why) => {
    expect(() => redirect(from, location)).toThrow(why)
  })

  test('stays on a UNIX socket', () => {
    const from = webSocketTarget('ws+unix:/run/a.sock:/a/b')
    const { target, sameOrigin } = redirectFrom(from, 'c?d')
    expect([target.address, target.path, sameOrigin]).toEqual([from.address, '/a/c?d', true])
  })
})

describe('isRedirect', () => {
  test('is true for the statuses of RFC 9110 that keep a GET', () => {
    const redirects = Array.from({ length: 500 }, (_, at) => at + 100).filter(isRedirect)
    expect(redirects).toEqual([301, 302, 303, 307, 308])
  })
})
