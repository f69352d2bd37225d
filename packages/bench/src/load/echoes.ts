import { ClosedLoop, type ClosedLoopOptions } from './closed-loop.ts'
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
  return new ClosedLoop(options, { request: message, reply: message })
}

/** A load for a WebSocket server that sends back every message in one frame. */
export function webSocketEcho(options: WebSocketEchoOptions): ClosedLoop {
  const { text = false } = options
  const payload = text ? Buffer.alloc(options.bytes, TEXT) : bytesOf(options.bytes)
  return new ClosedLoop(options, {
    request: clientFrame(payload, { text }),
    reply: serverFrame(payload, { text }),
    prelude: upgradeRequest(options.port),
  })
}

/** Bytes with a period of 256 that no mask hides. */
function bytesOf(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 131 + 7) % 256))
}

const TEXT = 'Ropes are made in a long and narrow building, where strands are laid straight. '
