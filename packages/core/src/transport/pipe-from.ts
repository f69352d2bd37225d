import type { Pipeable, PipeOptions, Transport } from '../interfaces/transport.ts'
import { type PieceSource, piecesOf } from './piece-source.ts'
import { swallowIfClosed, whyClosed } from './why-closed.ts'

/** The `pipeFrom` of a transport. */
export function pipeFrom(transport: Transport, source: Pipeable, options: PipeOptions): Promise<void> {
  return swallowIfClosed(pipe(transport, source, options))
}

async function pipe(
  transport: Transport,
  source: Pipeable,
  { signal, end = false }: PipeOptions,
): Promise<void> {
  const signals = signal === undefined ? [transport.signal] : [signal, transport.signal]
  const pieces = piecesOf(source)
  let all = false
  try {
    all = await unlessAborted(signals, () => pump(transport, pieces, signals))
  } finally {
    if (!all) pieces.release()
  }
  if (!all) throw await whyClosed(transport)
  if (end) transport.loseWriteConnection()
}

/** Answers whether all was queued and has room; false when the connection is closing. */
async function pump(
  transport: Transport,
  pieces: PieceSource,
  signals: readonly AbortSignal[],
): Promise<boolean> {
  let open = await transport.drained()
  while (open) {
    const piece = await pieces.next()
    // Nobody waits for us any more, and the connection may be in use for something else.
    if (signals.some(({ aborted }) => aborted)) return false
    if (piece.done === true) return transport.drained()
    open = transport.write(piece.value) || (await transport.drained())
  }
  return false
}

/** What `work` comes to, unless a signal aborts first: then its reason. Leaves nothing at the signals. */
async function unlessAborted<T>(signals: readonly AbortSignal[], work: () => Promise<T>): Promise<T> {
  const forget: (() => void)[] = []
  try {
    return await new Promise<T>((resolve, reject) => {
      for (const signal of signals) {
        signal.throwIfAborted()
        const abort = (): void => reject(signal.reason as Error)
        signal.addEventListener('abort', abort, { once: true })
        forget.push(() => signal.removeEventListener('abort', abort))
      }
      work().then(resolve, reject)
    })
  } finally {
    for (const one of forget) one()
  }
}
