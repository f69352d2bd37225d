import type { Pipeable } from '../interfaces/transport.ts'
import type { OptionRule } from '../options/option-rules.ts'
import { checkValue } from '../options/check-options.ts'
import { callSafely } from '../safely.ts'

/** Pieces from somewhere, one for each time it is asked. */
export interface PieceSource {
  /** Asks for the next piece. */
  next(): Promise<IteratorResult<Uint8Array | string, unknown>>
  /** Nobody will ask again: gives up what the source holds, also while a piece is awaited. Throws nothing. */
  release(): void
}

/** Asks `source` for its pieces. */
export function piecesOf(source: Pipeable): PieceSource {
  checkValue('pipeFrom', 'source', source, PIPEABLE)
  return isWebStream(source) ? piecesOfWebStream(source) : piecesOfIterable(source)
}

/** An iterator of a web stream cannot be left while a piece is awaited; a reader can. */
function piecesOfWebStream(stream: WebStream): PieceSource {
  const reader = stream.getReader()
  return {
    async next() {
      const piece = await reader.read()
      // Read to its end, it is free for others.
      if (piece.done === true) reader.releaseLock()
      return piece
    },
    release: () => void callSafely(() => reader.cancel(), ignore),
  }
}

function piecesOfIterable(source: Pipeable): PieceSource {
  const iterator = source[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    release() {
      // Nor can that of a Node stream, which therefore is destroyed; any other has to end its wait itself.
      if ('destroy' in source && typeof source.destroy === 'function') source.destroy()
      void callSafely(() => iterator.return?.(), ignore)
    },
  }
}

/** What is used of a ReadableStream. */
interface WebStream {
  getReader(): {
    read(): Promise<IteratorResult<Uint8Array | string, unknown>>
    cancel(): Promise<void>
    releaseLock(): void
  }
}

function isWebStream(source: object): source is WebStream {
  return 'getReader' in source && typeof source.getReader === 'function'
}

function ignore(): void {}

/** A string is iterable too, a letter at a time; `write` is for it. */
const PIPEABLE: OptionRule = (value) => {
  const isObject = typeof value === 'object' && value !== null
  return isObject && (Symbol.asyncIterator in value || 'getReader' in value)
    ? undefined
    : { kind: 'type', wanted: 'a stream or an async iterable; bytes and strings go to write' }
}
