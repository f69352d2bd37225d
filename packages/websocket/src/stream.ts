export { duplexOf, type DuplexOptions } from './stream/duplex.ts'
