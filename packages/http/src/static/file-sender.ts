import type { Request } from '../server/request.ts'
import type { OpenFile } from './file-system.ts'
import { lengthOf, type Piece } from './representation.ts'

/**
 * Sends pieces of a file as the body of a response, and finishes it. Resolves when everything is queued, or the request
 * has ended.
 *
 * The next bytes are read when the client has taken most of the last: at most `PIECE_BYTES` beside those that the
 * transport queues. The file stays open.
 *
 * @throws {Error} (rejects) when the file has become shorter than it was. The length was announced, so the
 *   response must break off.
 */
export async function sendPieces(request: Request, file: OpenFile, pieces: readonly Piece[]): Promise<void> {
  const [only] = pieces
  if (pieces.length === 1 && typeof only === 'object' && lengthOf(pieces) <= PIECE_BYTES) {
    const bytes = Buffer.allocUnsafe(lengthOf(pieces))
    await fill(file, bytes, only.start)
    return request.finish(bytes)
  }
  for (const piece of pieces) {
    if (typeof piece === 'string') request.write(piece)
    else if (!(await sendRange(request, file, piece.start, piece.end))) return
  }
  request.finish()
}

/** @returns false once the request has ended. */
async function sendRange(request: Request, file: OpenFile, start: number, end: number): Promise<boolean> {
  let position = start
  while (position < end) {
    // Not from the pool of Node: a piece of it would keep the rest.
    const bytes = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, end - position))
    await fill(file, bytes, position)
    position += bytes.length
    if (!request.write(bytes) && !(await request.drained())) return false
  }
  return true
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

/** Most bytes of a file that a request reads at once. */
const PIECE_BYTES = 65_536
