/**
 * Frames and messages without I/O, also for a browser.
 *
 * @module
 */
export type { ByteInput } from './codec/byte-input.ts'
export { type CloseFrame, isCloseCode } from './codec/close-frame.ts'
export type { MessageDeflater, MessageInflater } from './codec/compression.ts'
export { type FrameFlags, Opcode, type Role } from './codec/frame-header.ts'
export { type FrameSink, FrameWriter, type FrameWriterOptions } from './codec/frame-writer.ts'
export { DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from './codec/limits.ts'
export type { MessageKind } from './codec/message-assembly.ts'
export {
  type MessageEvent,
  MessageReader,
  type MessageReaderOptions,
  type RawTextEvent,
  type ReaderEvent,
  type StreamingEvent,
} from './codec/message-reader.ts'
export { type CodecPlatform, WEB_PLATFORM } from './codec/platform.ts'
export { ReceivedBytes } from './codec/received-bytes.ts'
export { WebSocketError, type WebSocketViolation } from './errors.ts'
