import { AsyncLocalStorage } from 'node:async_hooks'
import { sleep, type Transport } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import type { ConnectionPolicy } from '@ropewalk/core/policies'
import { HTTPError, type RenderResult, type Request, Resource, Site } from '@ropewalk/http'
import { Random, type HostReactor, type Simulation } from '../../src/index.ts'
import { Errand, type Question } from './errand.ts'
import { HTTPClient, type HTTPManners } from './http-client.ts'
import { Scene } from './scene.ts'

/** The site of a run: its resources, and every request received. */
export class Answers extends Site {
  /** The connection of the current request; kept by `reactor.keepContext`. */
  readonly connection = new AsyncLocalStorage<Transport>()
  readonly policies: readonly ConnectionPolicy[] = [
    { accepted: (transport) => ({ closed: () => this.#connectionClosed(transport) }) },
  ]
  /** What went wrong. */
  readonly complaints: string[] = []
  readonly #requests: { readonly request: Request; readonly transport: Transport | undefined }[] = []

  /** @param instead Replacements for the renderers of some resources, by name. */
  constructor(instead: Renderers = {}) {
    const root = new Resource()
    for (const [name, render] of Object.entries({ ...RENDERERS, ...instead }))
      root.putChild(name, new Leaf(render))
    super(root, { keepAliveTimeoutMs: 5000 })
  }

  override process(request: Request): void | Promise<void> {
    this.#requests.push({ request, transport: this.connection.getStore() })
    return super.process(request)
  }

  #connectionClosed(closed: Transport): void {
    for (const { request, transport } of this.#requests)
      if (request.outcome === undefined && transport === closed)
        this.complaints.push(`${request.method} ${request.path} has not ended with its connection`)
  }
}

/**
 * Clients pipeline requests on persistent connections to an HTTP server, and repeat those without a response
 * when a connection is lost. Checks at the end, in addition to the checks of the witness:
 *
 * - Every response belongs to its request, in order, and a response that was cut does not look complete.
 * - Every client that is up has every response.
 * - No request outlived its connection.
 *
 * @throws {Error} (rejects) when a check fails.
 */
export async function httpRun(sim: Simulation, makeSite: () => Answers = () => new Answers()): Promise<void> {
  const complaints: string[] = []
  const errands = new Map<HostReactor, Errand>()
  const sites: Answers[] = []
  await Scene.play(sim, {
    serve(reactor, { witness }) {
      const site = makeSite()
      sites.push(site)
      reactor.keepContext(site.connection)
      // Without IdleTimeout: the deadlines of the HTTP server must end the connections of silent peers.
      return reactor.listenTCP(80, witness.watchAll(site), { policies: [witness] })
    },
    async call(reactor, scene) {
      const random = new Random(reactor.randomBytes(8).toString('hex'))
      const errand = new Errand(questionsFrom(random))
      errands.set(reactor, errand)
      while (!errand.isDone && complaints.length === 0) {
        const client = new HTTPClient(errand, mannersFrom(random), (why) => complaints.push(why))
        await visit(reactor, scene, client)
        await sleep(random.between(0, 500), { reactor })
      }
    },
  })
  const [complaint] = [...complaints, ...sites.flatMap((site) => site.complaints)]
  if (complaint !== undefined) throw new Error(complaint)
  for (const { name, life } of sim.hosts) {
    const errand = life && errands.get(life.reactor)
    if (errand?.isDone === false)
      throw new Error(`${name} has no response to ${errand.current?.path}, long after the last fault`)
  }
}

/** Connects the client, and waits for the end of the connection. */
async function visit(reactor: HostReactor, { witness, policies }: Scene, client: HTTPClient): Promise<void> {
  const endpoint = new TCPClientEndpoint(reactor, 'server', 80, { policies })
  const connected = await connectProtocol(endpoint, witness.watch(client)).catch(() => undefined)
  await connected?.lost
}

function mannersFrom(random: Random): HTTPManners {
  return { depth: random.between(1, 6), ending: random.pick(ENDINGS) ?? 'close' }
}

function questionsFrom(random: Random): Question[] {
  const count = random.between(3, 14)
  return Array.from({ length: count }, (_, at) => {
    const name = `${random.between(0, 999_999)}-${at}`
    const size = random.between(0, random.chance(0.05) ? 200_000 : 2000)
    const question = (random.pick(QUESTIONS) ?? GET)(name, size, random)
    return random.chance(0.1) ? { ...question, fields: 'Connection: close\r\n' } : question
  })
}

const ENDINGS: readonly HTTPManners['ending'][] = ['close', 'half-close', 'wait']

type QuestionMaker = (name: string, size: number, random: Random) => Question

const GET: QuestionMaker = (name, size) => asked(`/whole/${size}/${name}`, size, name)

/** Every kind of request and response. */
const QUESTIONS: readonly QuestionMaker[] = [
  GET,
  (name, size) => asked(`/pieces/${size}/${name}`, size, name),
  (name, size) => asked(`/later/${size}/${name}`, size, name),
  (name, size) => ({ method: 'HEAD', path: `/whole/${size}/${name}`, status: 200, answer: NOTHING }),
  (name) => ({ method: 'GET', path: `/nowhere/${name}`, status: 404 }),
  (name, size) => ({ method: 'GET', path: `/broken/${size}/${name}`, status: 'cut' }),
  (name, size, random) => posted('/echo', size, name, random),
  (name, size, random) => posted('/stream', size, name, random),
  (name, size) => ({ ...posted('/ignored', size, name), answer: NOTHING }),
]

function asked(path: string, size: number, name: string): Question {
  return { method: 'GET', path, status: 200, answer: bodyOf(size, name) }
}

function posted(path: string, size: number, name: string, random?: Random): Question {
  const body = bodyOf(size, name)
  // RFC 9110 §10.1.1: a request without content expects nothing.
  const framing = size === 0 ? 'length' : (random?.pick(['length', 'chunks', 'expect'] as const) ?? 'length')
  return { method: 'POST', path: `${path}/${name}`, body, framing, status: 200, answer: body }
}

/** A body that repeats its name, so that a wrong body is detected. */
function bodyOf(size: number, name: string): Buffer {
  return Buffer.alloc(size, `${name} `)
}

class Leaf extends Resource {
  override readonly isLeaf = true
  readonly #render: (request: Request) => RenderResult

  constructor(render: (request: Request) => RenderResult) {
    super()
    this.#render = render
  }

  override render(request: Request): RenderResult {
    return this.#render(request)
  }
}

/** The functions that render requests, by the first segment of the path. */
export type Renderers = Readonly<Record<string, (request: Request) => RenderResult>>

const RENDERERS: Renderers = {
  whole: wanted,
  pieces: (request) => piecesOf(wanted(request), request),
  async later(request) {
    await sleep(2000, { reactor: request.reactor })
    return wanted(request)
  },
  broken(request) {
    request.setHeader('Content-Length', '1000000')
    request.write(wanted(request))
    throw new HTTPError(500)
  },
  echo: (request) => request.body.bytes(),
  stream: (request) => request.body,
  ignored: () => '',
}

/** The body that a path of the form `/…/size/name` asks for. */
function wanted({ postpath }: Request): Buffer {
  const [size, name = ''] = postpath
  return bodyOf(Number(size), name)
}

async function* piecesOf(body: Buffer, { reactor }: Request): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    yield body.subarray(at, at + PIECE_BYTES)
    if (at % 5 === 0) await sleep(20, { reactor })
  }
}

const PIECE_BYTES = 777
const NOTHING = Buffer.alloc(0)
