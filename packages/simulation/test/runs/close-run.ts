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

/** The server's side of a talk: sends everything back, and ends when it is asked to. */
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
    this.#hear(Buffer.from(text))
    if (!this.transport.sendTextMessage(text)) await this.transport.drained()
  }

  override async bytesMessageReceived(data: Buffer): Promise<void> {
    this.#hear(data)
    if (!this.transport.sendBytesMessage(data)) await this.transport.drained()
  }

  override pongReceived(payload: Buffer): void {
    if (payload.toString() !== 'server')
      this.talk.complain(`was answered a ping it did not send: ${payload.toString()}`)
  }

  override connectionLost(reason: WebSocketClosed): void {
    this.talk.ends.push(reason)
    this.#ended = true
  }

  #hear(data: Buffer): void {
    if (this.#ended) this.talk.complain('heard a message behind its end')
    this.talk.heard.push(data)
  }

  #end(): void {
    const { ending, serverGoodbye } = this.talk.plan
    this.#ended = true
    if (ending === 'server aborts') return this.transport.abortConnection()
    this.transport.loseConnection(serverGoodbye.code, serverGoodbye.reason)
    // Only the first counts.
    this.transport.loseConnection(1000, 'again')
    if (this.transport.open || this.transport.sendTextMessage('behind the end'))
      this.talk.complain('let its server send behind the end')
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
 * Clients and a server talk over WebSockets, in messages of any size and any number of frames, with pings between
 * them, and end in every way there is, on a network that misbehaves. At the end, beyond what the witness holds:
 *
 * - what was heard is what was sent, in order, and so is what came back; every pong answers a ping, none twice;
 * - the server hears of one end, with the code and the reason that the client said; the client sees one close frame,
 *   with the code that the server knows of, and nothing behind it;
 * - where nothing happened to the network and nothing was lost, both hear all messages and the end that was meant.
 *
 * @param Server What serves each WebSocket.
 * @throws {Error} (rejects) when one of these does not hold.
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
      root.putChild('talk', new WebSocketResource(new Talks(talks, Server)))
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
