import { describe, expect, test } from 'vitest'
import type { Transport } from '../../src/index.ts'
import { eventText } from '../../src/log.ts'
import { StringTransport } from '../../src/testing.ts'
import { StreamTransport } from '../../src/transport/stream-transport.ts'

describe('StreamTransport', () => {
  test('has the members of Transport, and no others', () => {
    const members = Object.getOwnPropertyNames(StreamTransport.prototype).filter(
      (name) => name !== 'constructor',
    )
    const own = Object.keys(new StringTransport())
    expect([...members, ...own].toSorted()).toEqual(Object.keys(PROMISED).toSorted())
  })

  test('shows its id in a log field', () => {
    const [transport, text] = [new StringTransport(), 'on {transport}']
    expect(eventText({ level: 'info', text, fields: { transport } })).toBe('on {"id":1}')
  })

  test('gives its connection to the layers beneath protocols; another transport has none', () => {
    const transport = new StringTransport()
    expect(StreamTransport.connectionOf(transport).transport).toBe(transport)
    const other: Transport = Object.create(transport) as StringTransport
    expect(StreamTransport.connectionOf(other)).toBeUndefined()
  })
})

/** The compiler refuses a missing name, and a name too many. */
const PROMISED: { readonly [name in keyof Transport]: true } = {
  reactor: true,
  id: true,
  connected: true,
  disconnecting: true,
  signal: true,
  bufferedBytes: true,
  writtenBytes: true,
  write: true,
  writeSequence: true,
  drained: true,
  send: true,
  pipeFrom: true,
  registerProducer: true,
  unregisterProducer: true,
  stopProducer: true,
  loseConnection: true,
  loseWriteConnection: true,
  abortConnection: true,
  failConnection: true,
  pauseProducing: true,
  resumeProducing: true,
  stopProducing: true,
  switchProtocol: true,
  startTLS: true,
  tlsSession: true,
  negotiatedProtocol: true,
  getPeerCertificate: true,
  assumeAddresses: true,
  getPeer: true,
  getHost: true,
  setTcpNoDelay: true,
  setTcpKeepAlive: true,
}
