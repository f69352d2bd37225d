export { assertNever } from './bytes/assert-never.ts'
export { ByteQueue } from './bytes/byte-queue.ts'
export { LineTooLongError } from './bytes/line-too-long-error.ts'
export { RemoteError } from './bytes/remote-error.ts'
