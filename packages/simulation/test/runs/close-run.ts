import { Resource, Site } from '@ropewalk/http'
import {
  type WebSocketClosed,
  WebSocketProtocol,
  WebSocketResource,
  WebSocketServerFactory,
} from '@ropewalk/websocket'
import type { Request } from '@ropewalk/http'
import { Random, type Simulation } from '../../src/index.ts'
import { Scene } from './scene.ts'
import { planTalk, Talk } from './talk.ts'
import { END, TalkingClient } from './talking-client.ts'
import { watchSwitches } from './watch-switches.ts'

/** The server's side of a talk. It sends every message back, and closes when the client asks for it. */
export class TalkingServer extends WebSocketProtocol {
  readonly talk: Talk
  #ended = false

  constructor(talk: Talk) {
    super()
    this.talk = talk
  }

  override negotiationFinished(): void {
    if (this.talk.began) this.talk.complain('opened twice')
    this.talk.began = true
    this.transport.ping(Buffer.from('server'))
  }

  override async textMessageReceived(text: string): Promise<void> {
    if (text === END) return this.#end()
    this.#messageReceived(Buffer.from(text))
    if (this.transport.sendTextMessage(text) !== 'sent') await this.transport.drained()
  }

  override async bytesMessageReceived(data: Buffer): Promise<void> {
    this.#messageReceived(data)
    if (this.transport.sendBytesMessage(data) !== 'sent') await this.transport.drained()
  }

  override pongReceived(payload: Buffer): void {
    if (payload.toString() !== 'server')
      this.talk.complain(`got a pong for a ping that its server did not send: ${payload.toString()}`)
  }

  override connectionLost(reason: WebSocketClosed): void {
    this.talk.ends.push(reason)
    this.#ended = true
  }

  #messageReceived(data: Buffer): void {
    if (this.#ended) this.talk.complain('delivered a message after its end')
    this.talk.received.push(data)
  }

  #end(): void {
    const { ending, serverClose } = this.talk.plan
    this.#ended = true
    if (ending === 'server aborts') return this.transport.abortConnection()
    this.transport.loseConnection(serverClose.code, serverClose.reason)
    // A second call must have no effect.
    this.transport.loseConnection(1000, 'again')
    if (this.transport.open || this.transport.sendTextMessage('behind the end') !== 'dropped')
      this.talk.complain('let its server send after the end')
  }
}

class Talks extends WebSocketServerFactory {
  readonly #talks: ReadonlyMap<string, Talk>
  readonly #Server: new (talk: Talk) => WebSocketProtocol

  constructor(talks: ReadonlyMap<string, Talk>, Server: new (talk: Talk) => WebSocketProtocol) {
    super()
    this.#talks = talks
    this.#Server = Server
  }

  override buildProtocol({ args }: Request): WebSocketProtocol {
    const talk = this.#talks.get(args.get('talk') ?? '')
    if (talk === undefined) throw new Error('Cannot find a talk')
    return new this.#Server(talk)
  }
}

/**
 * Clients and a server exchange WebSocket messages of any size in any number of frames, with pings between
 * them, and end the connection in every possible way, on a network that misbehaves. Checks at the end, in
 * addition to the checks of the witness:
 *
 * - Both sides receive the messages sent, in order. Every pong belongs to a ping, and no ping gets two pongs.
 * - The server is notified of one end, with the code and reason that the client sent. The client receives one
 *   close frame, with the code that the server reports, and nothing after it.
 * - If there was no fault and no loss, both receive all messages and the planned end.
 *
 * @param Server The protocol that serves each WebSocket.
 * @throws {Error} (rejects) when a check fails.
 */
export async function closeRun(
  sim: Simulation,
  Server: new (talk: Talk) => WebSocketProtocol = TalkingServer,
): Promise<void> {
  const complaints: string[] = []
  const talks = new Map<string, Talk>()
  await Scene.play(sim, {
    serve(reactor, { witness, policies }) {
      const root = new Resource()
      root.putChild('talk', new WebSocketResource(new Talks(talks, Server), { pingIntervalMs: Infinity }))
      const site = witness.watchAll(new Site(root))
      return reactor.listenTCP(80, site, { policies: [watchSwitches(witness), ...policies] })
    },
    call(reactor, scene) {
      const random = new Random(reactor.randomBytes(8).toString('hex'))
      for (let count = random.between(1, 4); count > 0; count--) {
        const talk = new Talk(planTalk(random), (why) => complaints.push(why))
        talks.set(random.seed + count, talk)
        scene.connect(reactor, 80, new TalkingClient(`/talk?talk=${random.seed}${count}`, talk))
      }
    },
  })
  const undisturbed = Object.keys(sim.faultsSeen).length === 0 && sim.network.stats.lost === 0
  for (const talk of talks.values()) talk.compare(undisturbed)
  const [complaint] = complaints
  if (complaint !== undefined) throw new Error(complaint)
}
