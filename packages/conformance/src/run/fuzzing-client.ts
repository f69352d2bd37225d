import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Sources } from '../cases/sources.ts'
import type { TestCase } from '../cases/test-case.ts'
import { type Agreement, agreementOf, deflateHeader, MessageDeflate, readDeflate } from '../driver/deflate.ts'
import { PeerViolation } from '../driver/frame.ts'
import { clientHandshake, type Head, readHead } from '../driver/handshake.ts'
import { Peer } from '../driver/peer.ts'
import { runCase, type Waits } from './run-case.ts'
import type { Result } from './verdict.ts'

/** Runs a case against a server that echoes, on a connection of its own. */
export async function testServer(
  url: URL,
  testCase: TestCase,
  sources: Sources,
  waits: Waits,
): Promise<Result> {
  const socket = connect(Number(url.port), url.hostname)
  try {
    await once(socket, 'connect')
    const header = testCase.deflate?.offers.map((offer) => deflateHeader(offer)).join(', ')
    const handshake = clientHandshake(url, header)
    socket.write(handshake.request)
    const response = await headFrom(socket)
    const fault = handshake.check(response)
    if (fault !== undefined) throw new PeerViolation(fault)
    const agreement = agreed(testCase, response)
    if (testCase.deflate !== undefined && agreement === undefined) {
      socket.destroy()
      return withoutRun(testCase, 'UNIMPLEMENTED', 'The server declined the compression')
    }
    const deflate = agreement === undefined ? undefined : new MessageDeflate('client', agreement)
    return await runCase(testCase, new Peer(socket, 'client', deflate, response.rest), sources, waits)
  } catch (error) {
    socket.destroy()
    return withoutRun(testCase, 'FAILED', error instanceof Error ? error.message : String(error))
  }
}

/** The result of a case that did not begin. */
export function withoutRun({ id, title }: TestCase, outcome: Result['outcome'], reason: string): Result {
  return { id, title, outcome, reason, ms: 0 }
}

/**
 * Reads the head of a request or response.
 *
 * @throws {PeerViolation} (rejects) when the connection ends first.
 */
export async function headFrom(socket: Socket): Promise<Head> {
  let data: Buffer = Buffer.alloc(0)
  for await (const piece of socket.iterator({ destroyOnReturn: false })) {
    data = Buffer.concat([data, piece as Buffer])
    const head = readHead(data)
    if (head !== undefined) return head
  }
  throw new PeerViolation('The connection ended within the opening handshake')
}

/** The first offer that allows the response counts. */
function agreed({ deflate }: TestCase, { fields }: Head): Agreement | undefined {
  const chosen = fields.get('sec-websocket-extensions')
  if (deflate === undefined || chosen === undefined) return undefined
  const [response, ...more] = readDeflate(chosen)
  if (response === undefined || more.length > 0) throw new PeerViolation(`${chosen} was selected`)
  let refused: unknown
  for (const offer of deflate.offers) {
    try {
      return agreementOf(offer, response)
    } catch (error) {
      refused ??= error
    }
  }
  throw refused
}
