import type { DeflateParameters } from '../driver/deflate.ts'
import type { Frame } from '../driver/frame.ts'
import type { Chop } from '../driver/peer.ts'
import type { Source } from './sources.ts'

/** Bytes of a case: written out, or a pattern that is repeated up to a length. */
export type Payload = Uint8Array | { readonly repeat: Uint8Array; readonly bytes: number }

/** One case: what is sent to the peer, and what must come back. */
export interface TestCase {
  /** As the public list numbers it: `6.4.1`. */
  readonly id: string
  /** What is sent, in words. */
  readonly title: string
  readonly steps: readonly Step[]
  /** The events that are OK. The peer may send nothing else. */
  readonly expected: readonly Expected[]
  /** Other lists of events, which conform to the RFC but are not the best behaviour. */
  readonly nonStrict?: readonly (readonly Expected[])[] | undefined
  readonly end: ExpectedEnd
  /** The RFC leaves the behaviour open: whatever happens is INFORMATIONAL. */
  readonly informational?: boolean | undefined
  /** The compression that the case needs; without it no extension is negotiated. */
  readonly deflate?: DeflateTerms | undefined
}

/** What the driver does next. */
export type Step =
  | { readonly do: 'send'; readonly frames: readonly CaseFrame[]; readonly chop?: Chop | undefined }
  /** Sends one frame with a wait before each place in its payload where it is cut. */
  | { readonly do: 'send-cut'; readonly frame: Frame; readonly cuts: readonly Cut[] }
  /** Sends a message in fragments of a size. */
  | {
      readonly do: 'send-fragments'
      readonly opcode: number
      readonly payload: Payload
      readonly fragmentBytes: number
    }
  | { readonly do: 'wait'; readonly wait: Wait }
  /** Waits until the peer has sent this many events. */
  | { readonly do: 'await-events'; readonly events: number }
  /** Sends messages one after another, each when the echo of the one before has arrived. */
  | { readonly do: 'exchange'; readonly messages: Messages }

/** A frame whose payload may be a pattern. */
export interface CaseFrame extends Omit<Frame, 'payload'> {
  readonly payload?: Payload | undefined
}

/** A place in a payload, and the wait before what follows it is sent. */
interface Cut {
  readonly at: number
  readonly wait: Wait
}

/** A wait, during which a peer may be found to end the connection. If it does not, the wait becomes an event. */
export interface Wait {
  readonly name: string
  /** `short` while the peer has no reason to react, `long` when it should: it ends once the peer has reacted. */
  readonly length: 'short' | 'long'
}

/** Messages to exchange. */
export interface Messages {
  readonly kind: 'text' | 'bytes'
  /** Consecutive parts of it are the messages. */
  readonly source: Source
  readonly bytes: number
  readonly count: number
  /** The size of the fragments; 0 for one frame a message. */
  readonly fragmentBytes: number
}

/** An event that is expected. */
export type Expected =
  | { readonly type: 'text' | 'bytes' | 'ping' | 'pong'; readonly payload: Payload }
  | { readonly type: 'wait'; readonly name: string }
  | { readonly type: 'exchanged'; readonly messages: number }

/** How the connection must end. */
export interface ExpectedEnd {
  readonly closedBy: 'us' | 'peer'
  /** The codes that the peer's close frame may have; it may also have no code, or not be sent. */
  readonly codes: readonly number[]
  /** Whether the peer must send a close frame. */
  readonly clean: boolean
}

/** The compression that a case asks for (RFC 7692 §7.1). */
export interface DeflateTerms {
  /** The offers of the fuzzing client, in order. */
  readonly offers: readonly DeflateParameters[]
  /** What the fuzzing server adds to an offer that allows it; the first that fits is used. */
  readonly accepts: readonly DeflateParameters[]
}

/** The bytes of a payload. */
export function bytesOf(payload: Payload): Uint8Array {
  return payload instanceof Uint8Array ? payload : Buffer.alloc(payload.bytes, payload.repeat)
}

/** The connection is closed by the driver with 1000, and the peer replies. */
export const NORMAL_END: ExpectedEnd = { closedBy: 'us', codes: [1000], clean: true }
/** The peer fails the connection because of a protocol error. */
export const PROTOCOL_ERROR: ExpectedEnd = { closedBy: 'peer', codes: [1002], clean: false }
/** The peer fails the connection because text is not UTF-8. */
export const INVALID_PAYLOAD: ExpectedEnd = { closedBy: 'peer', codes: [1007], clean: false }
