import { assertNever } from '@ropewalk/core/bytes'
import type { RawTextEvent, StreamingEvent } from '../codec/message-reader.ts'
import { isThenable } from '@ropewalk/core/reactor'
import type { BegunMessage } from './incoming-messages.ts'
import { WebSocketProtocol } from './websocket-protocol.ts'

/** Whatever a protocol receives that is not a whole text or binary message. */
export type Part = StreamingEvent<Buffer> | RawTextEvent<Buffer> | BegunMessage

/** How a protocol receives messages: whole, in parts by callbacks, or as WebSocketMessages. */
export type Reception = 'whole' | 'parts' | 'messages'

/** Which callbacks a protocol overrides, and with that how it receives messages. */
export function receptionOf(protocol: WebSocketProtocol): Reception {
  if (overrides(protocol, 'messageBegin')) return 'parts'
  return overrides(protocol, 'messageReceived') ? 'messages' : 'whole'
}

/** Whether a protocol receives text as bytes. */
export function takesRawText(protocol: WebSocketProtocol): boolean {
  return overrides(protocol, 'rawTextMessageReceived')
}

/**
 * Calls the callback for a part.
 *
 * @returns what the callback returns. For a WebSocketMessage, a promise settles after the rest is discarded.
 */
export function deliverPart(protocol: WebSocketProtocol, part: Part): unknown {
  switch (part.type) {
    case 'raw-text':
      return protocol.rawTextMessageReceived(part.data)
    case 'message':
      return deliverMessage(protocol, part)
    case 'message-begin':
      return protocol.messageBegin(part.kind)
    case 'message-data':
      return protocol.messageFrameDataReceived(part.data)
    case 'frame-end':
      return protocol.messageFrameEnd()
    case 'message-end':
      return protocol.messageEnd()
    default:
      return assertNever(part)
  }
}

function deliverMessage(protocol: WebSocketProtocol, { message, release }: BegunMessage): unknown {
  let result: unknown
  try {
    result = protocol.messageReceived(message)
  } catch (error) {
    release()
    throw error
  }
  if (isThenable(result)) return Promise.resolve(result).finally(release)
  release()
  return undefined
}

function overrides(protocol: WebSocketProtocol, name: keyof WebSocketProtocol): boolean {
  return protocol[name] !== WebSocketProtocol.prototype[name]
}
