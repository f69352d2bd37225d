import { Factory, type Protocol, sleep } from '@ropewalk/core'
import { ClientTLS, ServerTLS } from '@ropewalk/core/tls'
import { NOT_DONE_YET, type RenderResult, type Request, Resource } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource, WebSocketServerFactory } from '@ropewalk/websocket'
import { type HostReactor, Random, type Simulation } from '../../src/index.ts'
import { pem } from './certificates.ts'
import { Asker, type DrainedClient, Guest, OpenWebSocket } from './drain-clients.ts'
import { Door, type Kind, type Protocols, PROTOCOLS, STORE, type Way } from './drained.ts'
import { Errand } from './errand.ts'
import { Answers } from './http-run.ts'
import { Scene } from './scene.ts'
import { StopLedger } from './stop-ledger.ts'
import { watchSwitches } from './watch-switches.ts'

/**
 * Stops a server while connections are up, on a network that misbehaves. Some serve HTTP requests; some were
 * switched from HTTP to WebSocket or to a protocol of the run; some were switched by a line protocol, with or
 * without TLS. Checks at the end, in addition to the checks of the witness:
 *
 * - The stop has ended by its deadline, and reports each connection once, with the right result.
 * - If there was no fault, no loss and enough time, all work is finished: responses are complete, WebSockets
 *   are closed with 1001, and only stubborn protocols are aborted.
 *
 * @param protocols The protocols to which connections are switched.
 * @throws {Error} (rejects) when a check fails.
 */
export async function drainRun(sim: Simulation, protocols: Protocols = PROTOCOLS): Promise<void> {
  const complaints: string[] = []
  const ledgers = new Map<HostReactor, StopLedger>()
  const clients: DrainedClient[] = []
  const isLong = sim.random.fork('drain').chance(0.6)
  openStore(sim)
  await Scene.play(sim, {
    clients: 4,
    async serve(reactor, scene) {
      const random = new Random(reactor.randomBytes(8).toString('hex'))
      const ledger = new StopLedger(reactor, isLong ? LONG_MS : random.between(0, 1500))
      ledgers.set(reactor, ledger)
      await listen(reactor, scene, ledger, protocols)
      reactor.callLater(random.between(200, 5000), () => ledger.stop())
    },
    call(reactor, scene) {
      const random = new Random(reactor.randomBytes(8).toString('hex'))
      for (let count = random.between(1, 4); count > 0; count--) {
        const { client, port } = (random.pick(CLIENTS) ?? webSocket)(random, (why) => complaints.push(why))
        clients.push(client)
        reactor.callLater(random.between(0, 4000), () => scene.connect(reactor, port, client))
      }
    },
  })
  for (const { life } of sim.hosts) {
    const ledger = life && ledgers.get(life.reactor)
    if (ledger !== undefined) complaints.push(...ledger.complaints(stoodStillMs(sim) + LATE_MS))
  }
  if (isLong && isUndisturbed(sim)) complaints.push(...unfinished(clients, ledgers))
  const [complaint] = complaints
  if (complaint !== undefined) throw new Error(complaint)
}

function unfinished(
  clients: readonly DrainedClient[],
  ledgers: ReadonlyMap<HostReactor, StopLedger>,
): readonly string[] {
  const stubborn = clients.filter((client) => client instanceof Guest && client.kind === 'stubborn').length
  const cut = [...ledgers.values()].flatMap(({ aborted }) => aborted)
  return [
    ...clients.flatMap(({ missed }) => missed ?? []),
    ...(cut.length > stubborn ? [`cut ${cut.join(', ')} for ${stubborn} stubborn protocols`] : []),
  ]
}

async function listen(
  reactor: HostReactor,
  { witness, policies }: Scene,
  ledger: StopLedger,
  protocols: Protocols,
): Promise<void> {
  const watched = { policies: [watchSwitches(witness), ledger, ...policies] }
  const site = new Answers()
  site.resource.putChild('ws', new WebSocketResource(new Later(0)))
  site.resource.putChild('late', new WebSocketResource(new Later(800)))
  site.resource.putChild('switch', new Switch(protocols))
  await reactor.listenTCP(80, witness.watchAll(site), watched)
  const tls = new ServerTLS({ cert: pem('localhost.cert'), key: pem('localhost.key') })
  const doors = (): Doors => witness.watchAll(new Doors(tls, protocols))
  await reactor.listenTCP(PORTS.line, doors(), watched)
  await reactor.listenSSL(PORTS['line under tls'], doors(), tls, watched)
}

/** Adds the host to which `Saver` protocols connect. */
function openStore(sim: Simulation): void {
  class Stored extends Factory {
    override buildProtocol(): Protocol {
      return new PROTOCOLS.plain()
    }
  }
  sim.host(STORE.name, async (reactor) => {
    void reactor.run({ installSignalHandlers: false })
    await reactor.listenTCP(STORE.port, new Stored(), { policies: [] })
  })
}

class Doors extends Factory {
  readonly #tls: ServerTLS
  readonly #protocols: Protocols

  constructor(tls: ServerTLS, protocols: Protocols) {
    super()
    this.#tls = tls
    this.#protocols = protocols
  }

  override buildProtocol(): Protocol {
    return new Door(this.#tls, this.#protocols)
  }
}

/** Switches a connection to the protocol that the path names. */
class Switch extends Resource {
  override readonly isLeaf = true
  readonly #protocols: Protocols

  constructor(protocols: Protocols) {
    super()
    this.#protocols = protocols
  }

  override render(request: Request): RenderResult {
    const kind = request.postpath[0] as Kind
    request.upgrade(new this.#protocols[kind](), { protocol: kind })
    return NOT_DONE_YET
  }
}

/** WebSockets that open after a delay, during which the reactor may stop. */
class Later extends WebSocketServerFactory {
  readonly #delayMs: number

  constructor(delayMs: number) {
    super()
    this.#delayMs = delayMs
  }

  override async buildProtocol({ reactor }: Request): Promise<WebSocketProtocol> {
    await sleep(this.#delayMs, { reactor })
    return new Silent()
  }
}

class Silent extends WebSocketProtocol {}

interface Caller {
  readonly client: DrainedClient & Protocol
  readonly port: number
}
type CallerMaker = (random: Random, complain: (why: string) => void) => Caller

const webSocket: CallerMaker = (random, complain) => ({
  client: new OpenWebSocket(random.chance(0.5) ? '/ws' : '/late', complain),
  port: 80,
})

const asker: CallerMaker = (random, complain) => {
  const questions = Array.from({ length: random.between(1, 8) }, (_, at) => {
    const [kind, size] = [random.pick(['later', 'pieces', 'whole']), random.between(0, 20_000)]
    const path = `/${kind}/${size}/${at}`
    return { method: 'GET', path, status: 200, answer: Buffer.alloc(size, `${at} `) }
  })
  const manners = { depth: random.between(1, 4), ending: 'wait' } as const
  return { client: new Asker(new Errand(questions), manners, complain), port: 80 }
}

const guest: CallerMaker = (random) => {
  const kind = random.pick<Kind>(['plain', 'careful', 'stubborn', 'saver']) ?? 'plain'
  const way = random.pick<Way>(['upgrade', 'line', 'line under tls', 'tls']) ?? 'line'
  const tls = new ClientTLS({ trustRoots: [pem('localhost.cert')], serverName: 'localhost' })
  return { client: new Guest(way, kind, tls), port: PORTS[way] }
}

const CLIENTS: readonly CallerMaker[] = [webSocket, asker, guest, guest]

/** How long the server's program was paused at most, so that it may miss its deadline. */
function stoodStillMs(sim: Simulation): number {
  const still = sim.script.filter(({ kind, one }) => kind === 'stand still' && one === 'server')
  return still.reduce((sum, { forMs }) => sum + forMs, 0)
}

function isUndisturbed(sim: Simulation): boolean {
  return Object.keys(sim.faultsSeen).length === 0 && sim.network.stats.lost === 0
}

const PORTS: Readonly<Record<Way, number>> = { upgrade: 80, line: 7, 'line under tls': 443, tls: 7 }
const LONG_MS = 10_000
/** How late the timers of a busy program are at most, as a seed draws it. */
const LATE_MS = 50
