import { checkValue } from '@ropewalk/core/options'
import { tcpAddress, unixAddress } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { WEBSOCKET_URL, webSocketTarget } from '../../src/client/websocket-url.ts'

describe('webSocketTarget', () => {
  test('has the host, port and path of the URL', () => {
    expect(webSocketTarget('ws://Example.org/chat?room=1')).toEqual({
      url: new URL('ws://example.org/chat?room=1'),
      secure: false,
      address: tcpAddress('example.org', 80),
      serverName: 'example.org',
      host: 'example.org',
      path: '/chat?room=1',
      authorization: undefined,
    })
    const secure = webSocketTarget(new URL('wss://bücher.example:8443'))
    expect(secure).toMatchObject({ secure: true, host: 'xn--bcher-kva.example:8443', path: '/' })
    expect(secure.address).toEqual(tcpAddress('xn--bcher-kva.example', 8443))
    expect(webSocketTarget('wss://h').address).toEqual(tcpAddress('h', 443))
    // RFC 9110 §4.2.3: the default port is left out.
    expect(webSocketTarget('ws://h:80').host).toBe('h')
  })

  test('has the address of an IPv6 host without brackets', () => {
    expect(webSocketTarget('ws://[::1]:81/')).toMatchObject({ serverName: '::1', host: '[::1]:81' })
    expect(webSocketTarget('ws://[::1]:81/').address).toEqual(tcpAddress('::1', 81))
  })

  test('has the socket and path of a UNIX socket', () => {
    for (const url of [
      'ws+unix:/run/my%20app.sock:/chat?room=1',
      'ws+unix:///run/my%20app.sock:/chat?room=1',
    ])
      expect(webSocketTarget(url)).toMatchObject({
        secure: false,
        address: unixAddress('/run/my app.sock'),
        host: 'localhost',
        path: '/chat?room=1',
      })
    expect(webSocketTarget('wss+unix:/run/a%3Ab.sock')).toMatchObject({
      secure: true,
      address: unixAddress('/run/a:b.sock'),
      path: '/',
    })
  })

  test('has the user name and password of the URL as Basic credentials, and nowhere else', () => {
    const target = webSocketTarget('ws://Alad%64in:open%20sesame@h/')
    expect(target.authorization).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
    expect(target.url.href).toBe('ws://h/')
    expect(webSocketTarget('ws://:p@h/').authorization).toBe(`Basic ${btoa(':p')}`)
  })

  test('refuses credentials that cannot be sent', () => {
    expect(() => webSocketTarget('ws://a%3Ab:c@h/')).toThrow('colon')
    expect(() => webSocketTarget('ws://a:c%0d%0a@h/')).toThrow('control character')
    expect(() => webSocketTarget('ws://a:%ff@h/')).toThrow('Cannot decode the URL')
  })
})

describe('WEBSOCKET_URL', () => {
  const check = (value: unknown) => () => checkValue('x', 'url', value, WEBSOCKET_URL)

  test.each(['ws://h', 'wss://h:1/a?b', 'ws+unix:/run/a.sock:/b', 'ws://u:p@h/'])('accepts %s', (url) => {
    expect(check(url)).not.toThrow()
    expect(check(new URL(url))).not.toThrow()
  })

  test.each([
    ['http://h/', 'Cannot take url.protocol "http:" for x: give ws: or wss:'],
    ['ws://h/#a', 'Cannot take url.hash "#a" for x: give no fragment'],
    ['ws://h:0/', 'Cannot take url.port "0" for x: give a port from 1 to 65535'],
    ['ws+unix:run/a.sock', 'Cannot take url.pathname "run/a.sock" for x: give the absolute path'],
    ['ws+unix://h/run/a.sock', 'Cannot take url.pathname'],
    ['example.org', 'Cannot take url "example.org" for x: give the URL of a WebSocket'],
    ['ws://', 'give the URL of a WebSocket'],
    ['', 'give the URL of a WebSocket'],
  ])('refuses %s', (url, message) => {
    expect(check(url)).toThrow(RangeError)
    expect(check(url)).toThrow(message)
  })

  test('refuses other types, and shows no password', () => {
    for (const other of [undefined, null, 80, {}]) expect(check(other)).toThrow(TypeError)
    for (const url of ['http://user:secret@h/', 'ws://user:secret@h/#a']) {
      expect(check(url)).toThrow(RangeError)
      expect(check(url)).not.toThrow('secret')
    }
  })
})
