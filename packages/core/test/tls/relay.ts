import type { MemoryReactor } from '../../src/testing.ts'
import { HalfCloseRecorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'

/** One side of a relay between the two ends of a connection. It passes on bytes, and not the end of input. */
export class Relay extends HalfCloseRecorder {
  to: Relay | undefined

  /** Port 444 leads to port 443. Returns the side of the client and that of the server. */
  static async between(reactor: MemoryReactor): Promise<{ toClient: Relay; toServer: Relay }> {
    const [toClient, toServer] = [new Relay(), new Relay()]
    toClient.to = toServer
    toServer.to = toClient
    reactor.connectTCP('localhost', 443, new OneProtocol(toServer))
    await reactor.listenTCP(444, new OneProtocol(toClient))
    return { toClient, toServer }
  }

  override dataReceived(data: Buffer): void {
    void super.dataReceived(data)
    this.to?.transport.write(data)
  }

  /** The lengths of the TLS records received, without their headers. */
  get recordLengths(): number[] {
    const [all, lengths] = [Buffer.concat(this.pieces), [] as number[]]
    for (let at = 0; at < all.length; at += 5 + (lengths.at(-1) ?? 0)) lengths.push(all.readUInt16BE(at + 3))
    return lengths
  }
}
