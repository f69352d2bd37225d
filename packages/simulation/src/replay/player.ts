import { ClientFactory, type ConnectionClosed, Protocol, type ProtocolFactory } from '@ropewalk/core'
import type { LogEvent } from '@ropewalk/core/log'
import type { Recording } from '@ropewalk/core/policies'
import { MemoryReactor } from '@ropewalk/core/testing'

/** The result of playing a recording once. */
export interface Played {
  /** The bytes that the protocol of each connection wrote, by the number of the connection. */
  readonly written: ReadonlyMap<number, Buffer>
  /** The first event logged with level `error` or `critical`. */
  readonly error: LogEvent | undefined
}

/**
 * Plays the received bytes of a recording to protocols of `factory`, each chunk at its recorded time, in
 * virtual time.
 */
export async function play(recording: Recording, factory: ProtocolFactory): Promise<Played> {
  const reactor = new MemoryReactor()
  const port = await reactor.listenTCP(PORT, factory)
  const peers = new Map<number, Peer>()
  let nowMs = recording[0]?.atMs ?? 0
  for (const event of recording) {
    if (event.atMs > nowMs) reactor.advance(event.atMs - nowMs)
    nowMs = Math.max(nowMs, event.atMs)
    const peer = peers.get(event.connection) ?? connect(reactor)
    peers.set(event.connection, peer)
    if (event.what === 'received') peer.transport.write(Buffer.from(event.bytes))
    else if (event.what === 'closed' && event.clean) peer.transport.loseConnection()
    else if (event.what === 'closed') peer.transport.abortConnection()
    await reactor.settle()
  }
  for (const peer of peers.values()) peer.transport.loseConnection()
  await reactor.settle()
  await port.stopListening()
  return {
    written: new Map(Array.from(peers, ([connection, peer]) => [connection, Buffer.concat(peer.pieces)])),
    error: reactor.logged.find(({ level }) => level === 'error' || level === 'critical'),
  }
}

/** The peer of the protocol on a played connection. */
class Peer extends Protocol {
  readonly pieces: Buffer[] = []

  override dataReceived(data: Buffer): void {
    this.pieces.push(Buffer.from(data))
  }

  override connectionLost(_reason: ConnectionClosed): void {}
}

function connect(reactor: MemoryReactor): Peer {
  const peer = new Peer()
  reactor.connectTCP(
    'localhost',
    PORT,
    new (class extends ClientFactory<Peer> {
      override buildProtocol(): Peer {
        return peer
      }
    })(),
  )
  reactor.pump()
  return peer
}

const PORT = 7
