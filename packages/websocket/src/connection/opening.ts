import type { Headers, Request } from '@ropewalk/http'
import type { DeflateAgreement } from '../deflate/deflate-agreement.ts'

/** What the opening handshake of a WebSocket agreed on (RFC 6455 §4). */
export type Opening = ServerOpening | ClientOpening

/** The opening as the server knows it. */
export interface ServerOpening extends Agreement {
  readonly role: 'server'
  /** The request that the 101 responds to. */
  readonly request: Request
  /** What the option `authenticate` of the resource has returned; undefined without one. */
  readonly user?: unknown
}

/** The opening as the client knows it. */
export interface ClientOpening extends Agreement {
  readonly role: 'client'
  readonly response: OpeningResponse
}

/** What both sides know. */
export interface Agreement {
  /** The subprotocol that the response named; undefined when it named none. */
  readonly subprotocol?: string | undefined
  /** How messages are compressed; undefined when they are not. */
  readonly deflate?: DeflateAgreement | undefined
}

/** The response with which a server opened a WebSocket. */
export interface OpeningResponse {
  /** Always 101. */
  readonly status: number
  readonly headers: Headers
}
