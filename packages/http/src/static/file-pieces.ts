import type { ByteRange } from '../message/ranges.ts'
import type { OpenFile } from './file-system.ts'

/**
 * Reads a part of a file in pieces of `PIECE_BYTES`, each when it is asked for. The file stays open.
 *
 * @throws {Error} (rejects) when the file has become shorter than it was. Its length was announced, so the response
 *   must break off.
 */
export async function* readPieces(file: OpenFile, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  for (let position = start; position < end; position += PIECE_BYTES) {
    const size = Math.min(PIECE_BYTES, end - position)
    // Large ones are not from the pool of Node: a piece of it would keep the rest.
    const bytes = size < SMALL_BYTES ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size)
    await fill(file, bytes, position)
    yield bytes
  }
}

/** Reads until `into` is full. A file system may return less than was asked for. */
async function fill(file: OpenFile, into: Buffer, start: number): Promise<void> {
  let filled = 0
  while (filled < into.length) {
    const read = await file.read(filled === 0 ? into : into.subarray(filled), start + filled)
    if (read === 0) {
      throw new Error(`Cannot send byte ${start + filled} of a file: it was shortened while it was sent`)
    }
    filled += read
  }
}

const PIECE_BYTES = 65_536
const SMALL_BYTES = 4_096
