import { describe, expect, test } from 'vitest'
import type { TLSSession } from '../../src/interfaces/tls.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { ServerTLS } from '../../src/tls/server-tls.ts'
import { TLSHandshakeProtocol } from '../../src/transport/tls-opening.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'

describe('TLSHandshakeProtocol', () => {
  test('hands the connection over once it is protected', async () => {
    const reactor = new MemoryReactor()
    const sessions: TLSSession[] = []
    const opening = new TLSHandshakeProtocol(new ServerTLS(server), {
      opened: (transport, session) => {
        sessions.push(session)
        transport.loseConnection()
      },
      failed: (_transport, reason) => sessions.push(reason as never),
    })
    await reactor.listenTCP(443, new OneProtocol(opening))
    reactor.connectSSL('localhost', 443, new OneProtocol(new Recorder()), { trustRoots: [root] })
    await settleUntil(reactor, () => sessions.length > 0)
    expect(sessions[0]).toMatchObject({ serverName: 'localhost' })
  })

  test('tells that the connection went before, and with what cause it was given up', () => {
    const failures: unknown[] = []
    const opening = new TLSHandshakeProtocol(new ServerTLS(server), {
      opened: () => failures.push('opened'),
      failed: (transport, reason, who) => failures.push([transport.id, reason.cause, who === opening]),
    })
    const transport = StringTransport.connect(opening)
    opening.abort('enough')
    transport.pump()
    expect(failures).toEqual([[transport.id, 'enough', true]])
  })
})
