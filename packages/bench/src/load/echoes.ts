import { ClosedLoop, type ClosedLoopOptions } from './closed-loop.ts'
import { READ_BUFFER_BYTES } from './connections.ts'
import { deflated, DeflatedReplies, KnownReplies, WINDOW_BYTES } from './deflated-replies.ts'
import { FragmentedReplies } from './fragmented-replies.ts'
import { jsonMessages } from './json-messages.ts'
import { EqualReplies, Replies } from './replies.ts'
import { clientFrame, serverFrame, upgradeRequest } from './websocket-frames.ts'

/** Messages to an echo server. */
export interface EchoOptions extends ClosedLoopOptions {
  /** The bytes of a message, without the header of its frame. */
  readonly bytes: number
}

/** Messages to a WebSocket echo server. */
export interface WebSocketEchoOptions extends EchoOptions {
  /** Whether the messages are text; otherwise binary. */
  readonly text?: boolean
}

/** A load for a server that sends back every byte. */
export function tcpEcho(options: EchoOptions): ClosedLoop {
  const message = bytesOf(options.bytes)
  return new ClosedLoop(options, { requests: [message], replies: equalTo(message) })
}

/**
 * A load for a WebSocket server that sends back every message: in one frame, or a binary message of more than 64 KiB in
 * any number of frames.
 */
export function webSocketEcho(options: WebSocketEchoOptions): ClosedLoop {
  const { text = false } = options
  const payload = text ? Buffer.alloc(options.bytes, TEXT) : bytesOf(options.bytes)
  return new ClosedLoop(options, {
    requests: [clientFrame(payload, { text })],
    replies:
      options.bytes > ONE_FRAME_BYTES && !text
        ? fragmented(payload)
        : equalTo(serverFrame(payload, { text })),
    prelude: upgradeRequest(options.port),
  })
}

/**
 * A load for a WebSocket server that sends back every message compressed, as in RFC 7692.
 *
 * The messages are JSON, and differ: a server that keeps its window finds parts of earlier messages in it, and never
 * a whole one.
 */
export function deflatedEcho(options: EchoOptions): ClosedLoop {
  const messages = jsonMessages(options.bytes, Math.ceil((2 * WINDOW_BYTES) / options.bytes))
  const known = new KnownReplies(messages)
  return new ClosedLoop(options, {
    requests: messages.map((message) => clientFrame(deflated(message), { text: true, compressed: true })),
    replies: () => new DeflatedReplies(known),
    prelude: upgradeRequest(options.port, 'permessage-deflate'),
  })
}

function equalTo(reply: Uint8Array): () => EqualReplies {
  const replies = new Replies(reply, READ_BUFFER_BYTES)
  return () => new EqualReplies(replies)
}

function fragmented(payload: Uint8Array): () => FragmentedReplies {
  const replies = new Replies(payload, READ_BUFFER_BYTES)
  return () => new FragmentedReplies(replies)
}

/** Bytes with a period of 256 that no mask hides. */
function bytesOf(length: number): Buffer {
  return Buffer.alloc(
    length,
    Uint8Array.from({ length: 256 }, (_, at) => (at * 131 + 7) % 256),
  )
}

/** A server may divide a longer message. */
const ONE_FRAME_BYTES = 65_536
const TEXT = 'Ropes are made in a long and narrow building, where strands are laid straight. '
