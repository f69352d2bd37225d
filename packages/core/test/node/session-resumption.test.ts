import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { createReactor, Factory } from '../../src/index.ts'
import { Echo } from '../../src/checks/transport-harness.ts'
import { client, root, server } from '../tls/certificates.ts'

describe('a server that asks for client certificates', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes sessions (%s)', async (version) => {
    const reactor = createReactor()
    const tls = { ...server, clientCertificates: { trustRoots: [root] } }
    const port = await reactor.listenSSL(0, Factory.forProtocol(Echo), tls, { interface: '127.0.0.1' })
    const address = port.getHost()
    const options = {
      port: address.type === 'TCP' ? address.port : 0,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: root,
      cert: client.cert,
      key: client.key,
      maxVersion: version,
    }
    const talk = async (socket: TLSSocket): Promise<string> => {
      socket.write('hello')
      const [data] = (await once(socket, 'data')) as [Buffer]
      return data.toString()
    }
    const first = connect(options)
    const [[session], answer] = (await Promise.all([once(first, 'session'), talk(first)])) as [
      [Buffer],
      string,
    ]
    first.destroy()
    const second = connect({ ...options, session })
    expect([answer, await talk(second), second.isSessionReused()]).toEqual(['hello', 'hello', true])
    second.destroy()
    await port.stopListening()
  })
})
