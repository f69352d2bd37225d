import { describe, expect, test } from 'vitest'
import {
  DEFAULT_WEBSOCKET_CLIENT_OPTIONS,
  webSocketClientOptions,
} from '../../src/client/websocket-client-options.ts'

describe('webSocketClientOptions', () => {
  test('fills in the defaults', () => {
    expect(webSocketClientOptions('x', undefined)).toBe(DEFAULT_WEBSOCKET_CLIENT_OPTIONS)
    const given = { maxRedirects: 2, subprotocols: undefined }
    expect(webSocketClientOptions('x', given)).toEqual({
      ...DEFAULT_WEBSOCKET_CLIENT_OPTIONS,
      maxRedirects: 2,
    })
  })

  test.each([
    [{ headers: 'a' }, TypeError, 'Cannot take headers "a" for x: give headers by name, or a function'],
    [{ subprotocols: 'chat' }, TypeError, 'give a list of tokens'],
    [{ subprotocols: [1] }, TypeError, 'give a list of tokens'],
    [{ subprotocols: ['a', 'a'] }, RangeError, 'give a list of tokens, each of them once'],
    [{ subprotocols: ['a b'] }, RangeError, 'give a list of tokens'],
    [{ endpoint: {} }, TypeError, 'give a client endpoint, or a function of the URL'],
    [{ tls: true }, TypeError, 'give a ClientTLS or its options'],
    [{ connection: 5 }, TypeError, 'give the options of a TCP connection'],
    [{ handshakeTimeoutMs: -1 }, RangeError, 'Cannot take handshakeTimeoutMs -1 for x'],
    [{ maxRedirects: 1.5 }, RangeError, 'give a whole number, 0 or more'],
    [{ maxRedirects: Infinity }, RangeError, 'give a whole number, 0 or more'],
    [{ maxMessageBytes: 'x' }, TypeError, 'maxMessageBytes'],
    [{ agent: {} }, TypeError, 'did you mean endpoint?'],
    [{ handshakeTimeout: 5 }, TypeError, 'did you mean handshakeTimeoutMs?'],
    [{ followRedirects: true }, TypeError, 'did you mean maxRedirects?'],
    [{ protocol: 'chat' }, TypeError, 'did you mean subprotocols?'],
    [{ protocols: ['chat'] }, TypeError, 'did you mean subprotocols?'],
    [{ maxPayload: 5 }, TypeError, 'did you mean maxMessageBytes?'],
    [{ perMessageDeflate: true }, TypeError, 'did you mean deflate?'],
    [{ rejectUnauthorized: false }, TypeError, 'unknown option'],
    [
      { endpoint: { connect: () => undefined }, connection: {} },
      TypeError,
      'Cannot take connection with endpoint',
    ],
  ])('refuses %o', (given, kind, message) => {
    const check = (): unknown => webSocketClientOptions('x', given as never)
    expect(check).toThrow(kind)
    expect(check).toThrow(message)
  })
})
