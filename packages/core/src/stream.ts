/**
 * Protocols as coroutines: a reader and a writer instead of callbacks.
 *
 * @module
 */
export { IncompleteReadError } from './errors.ts'
export { StreamProtocol, type StreamWriter } from './stream/stream-protocol.ts'
export type { ReadOptions, ReadUntilOptions, StreamReader } from './stream/stream-reader.ts'
