/**
 * The queue of bytes that parsers read from.
 *
 * @module
 */
export { assertNever } from './bytes/assert-never.ts'
export { ByteQueue } from './bytes/byte-queue.ts'
export { LineTooLongError, RemoteError } from './bytes/remote-error.ts'
