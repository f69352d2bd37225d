/**
 * A WebSocket as a stream of Node.
 *
 * @module
 */
export { duplexOf, type DuplexOptions } from './stream/duplex.ts'
