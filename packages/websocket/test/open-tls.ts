import type { SecureWire, SecureWireEvents, WireUnderTLS } from '@ropewalk/core/reactor'
import type { TLSContext, TLSSession } from '@ropewalk/core/tls'

/** TLS without encryption, for tests that need only a connection marked as secure. */
export const openTLS: TLSContext = {
  side: 'server',
  handshakeTimeoutMs: 10_000,
  secure: ({ wire }: WireUnderTLS, events: SecureWireEvents): SecureWire => {
    void Promise.resolve().then(() => events.wireSecured(SESSION))
    return {
      write: (parts) => wire.write(parts),
      end: () => wire.end(),
      abort: () => wire.abort(),
      close: () => wire.close(),
      pause: () => wire.pause(),
      resume: () => wire.resume(),
      setNoDelay: (enabled) => wire.setNoDelay(enabled),
      setKeepAlive: (enabled, delayMs) => wire.setKeepAlive(enabled, delayMs),
      wireData: (data) => events.wireData(data),
      wireEnded: () => events.wireEnded(),
      wireWritable: () => events.wireWritable(),
      wireClosed: (error) => events.wireClosed(error),
    }
  },
}

const SESSION: TLSSession = {
  negotiatedProtocol: undefined,
  serverName: undefined,
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  peerCertificate: undefined,
}
