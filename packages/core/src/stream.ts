export { IncompleteReadError } from './errors.ts'
export { StreamProtocol, type StreamWriter } from './stream/stream-protocol.ts'
export type { ReadOptions, ReadUntilOptions, StreamReader } from './stream/stream-reader.ts'
