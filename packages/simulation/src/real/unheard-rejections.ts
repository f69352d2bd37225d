/**
 * Tells `seen` of promises that were rejected and that nobody hears of, instead of ending the process.
 *
 * @returns what ends the watch.
 */
export function watchUnheardRejections(seen: (reason: unknown) => void): () => void {
  process.on('unhandledRejection', seen)
  return () => void process.off('unhandledRejection', seen)
}
