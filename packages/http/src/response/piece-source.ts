/** A piece of a body. */
type Piece = string | Uint8Array

/**
 * Ends a source whose pieces are no longer needed, even while it waits for its next piece. A stream is
 * destroyed or cancelled; the iteration of any other source is ended.
 */
export async function release(
  pieces: AsyncIterable<Piece>,
  iterator: AsyncIterator<Piece> = iterate(pieces),
  reason?: unknown,
): Promise<void> {
  if (!('destroy' in pieces) || typeof pieces.destroy !== 'function') return void (await iterator.return?.())
  // Without a listener, the error of an unread stream (a file that cannot be opened) ends the process.
  if ('on' in pieces && typeof pieces.on === 'function') pieces.on('error', () => undefined)
  pieces.destroy(reason)
}

/** Returns the pieces. A ReadableStream's iterator waits for the next piece before it cancels; its reader does not. */
export function iterate(pieces: AsyncIterable<Piece>): AsyncIterator<Piece> {
  if (!(pieces instanceof ReadableStream)) return pieces[Symbol.asyncIterator]()
  const reader = (pieces as ReadableStream<Piece>).getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<Piece>>,
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}
