export { chunkings } from './testing/chunkings.ts'
