import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Sources } from '../cases/sources.ts'
import type { TestCase } from '../cases/test-case.ts'
import {
  type Agreement,
  agreementOf,
  CLIENT_BITS,
  deflateHeader,
  type DeflateParameters,
  MessageDeflate,
  readDeflate,
  SERVER_BITS,
  SERVER_NO_TAKEOVER,
} from '../driver/deflate.ts'
import { PeerViolation } from '../driver/frame.ts'
import { faultOfRequest, serverHandshake } from '../driver/handshake.ts'
import { Peer } from '../driver/peer.ts'
import { headFrom, withoutRun } from './fuzzing-client.ts'
import { runCase, type Waits } from './run-case.ts'
import type { Result } from './verdict.ts'

/** A client under test: connects to `url`, echoes every message, and resolves when its connection has ended. */
export type EchoClient = (url: string, testCase: TestCase) => Promise<unknown>

/** A server that runs one case on each connection. The path of a connection is the id of its case. */
export class FuzzingServer {
  readonly #server: Server
  readonly #running = new Map<string, (socket: Socket) => void>()

  private constructor(server: Server) {
    this.#server = server
  }

  /** Listens on a free port of loopback. */
  static async start(): Promise<FuzzingServer> {
    const server = createServer({ noDelay: true })
    const fuzzing = new FuzzingServer(server)
    server.on('connection', (socket) => void fuzzing.#accept(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return fuzzing
  }

  /** Runs a case against a client. */
  async test(client: EchoClient, testCase: TestCase, sources: Sources, waits: Waits): Promise<Result> {
    const result = new Promise<Result>((resolve) => {
      this.#running.set(testCase.id, (socket) => void serve(socket, testCase, sources, waits).then(resolve))
    })
    const left = client(`${this.#url}/${testCase.id}`, testCase).then(
      () => undefined,
      (error: unknown) => error,
    )
    // A client that never connects must not hold up the suite.
    const never = left.then((error) => {
      if (!this.#running.has(testCase.id)) return result
      return withoutRun(testCase, 'FAILED', `The client did not connect: ${String(error)}`)
    })
    const outcome = await Promise.race([result, never])
    await left
    return outcome
  }

  /** Stops listening. */
  async stop(): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }

  get #url(): string {
    const address = this.#server.address()
    return `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  }

  async #accept(socket: Socket): Promise<void> {
    socket.on('error', () => undefined)
    try {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      socket.pause()
      socket.unshift(chunk)
      const [, id = ''] = /^GET \/(\S+) /.exec(chunk.toString('latin1')) ?? []
      const run = this.#running.get(id)
      this.#running.delete(id)
      if (run === undefined) socket.destroy()
      else run(socket)
    } catch {
      socket.destroy()
    }
  }
}

async function serve(socket: Socket, testCase: TestCase, sources: Sources, waits: Waits): Promise<Result> {
  try {
    const request = await headFrom(socket)
    const fault = faultOfRequest(request)
    if (fault !== undefined) throw new PeerViolation(fault)
    const offered = request.fields.get('sec-websocket-extensions')
    const chosen = testCase.deflate === undefined ? undefined : choose(offered, testCase.deflate.accepts)
    if (testCase.deflate !== undefined && chosen === undefined) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return withoutRun(testCase, 'UNIMPLEMENTED', `The client offered ${offered ?? 'no extension'}`)
    }
    socket.write(serverHandshake(request, chosen && deflateHeader(chosen.response)))
    const deflate = chosen && new MessageDeflate('server', chosen.agreement)
    return await runCase(testCase, new Peer(socket, 'server', deflate, request.rest), sources, waits)
  } catch (error) {
    socket.destroy()
    return withoutRun(testCase, 'FAILED', error instanceof Error ? error.message : String(error))
  }
}

interface Choice {
  readonly response: DeflateParameters
  readonly agreement: Agreement
}

/** The first response of a case that an offer of the client allows. */
function choose(offered: string | undefined, accepts: readonly DeflateParameters[]): Choice | undefined {
  const offers = readDeflate(offered ?? '')
  for (const accept of accepts) {
    const offer = offers.find((one) => !(CLIENT_BITS in accept) || CLIENT_BITS in one)
    if (offer === undefined) continue
    const response = { ...asked(offer), ...within(offer, accept) }
    return { response, agreement: agreementOf(offer, response) }
  }
  return undefined
}

/** RFC 7692 §7.1.2.2: a server asks for no larger window than the client has offered. */
function within(offer: DeflateParameters, accept: DeflateParameters): DeflateParameters {
  const { [CLIENT_BITS]: offered } = offer
  const { [CLIENT_BITS]: bits } = accept
  if (typeof offered !== 'string' || Number(bits) <= Number(offered) || bits === undefined) return accept
  return { ...accept, [CLIENT_BITS]: offered }
}

/** What a client asks of the server, which the server agrees to. */
function asked(offer: DeflateParameters): DeflateParameters {
  const { [SERVER_NO_TAKEOVER]: takeover, [SERVER_BITS]: bits } = offer
  return {
    ...(takeover === undefined ? {} : { [SERVER_NO_TAKEOVER]: takeover }),
    ...(bits === undefined ? {} : { [SERVER_BITS]: bits }),
  }
}
