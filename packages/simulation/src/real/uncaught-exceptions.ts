/**
 * Calls `caught` with every exception of the process that no code catches, such as one in a later tick, instead of
 * letting Node end the process. No effect while other code does so.
 *
 * @returns a function that ends it.
 */
export function catchExceptions(caught: (error: unknown) => void): () => void {
  if (process.hasUncaughtExceptionCaptureCallback()) return () => undefined
  process.setUncaughtExceptionCaptureCallback(caught)
  return () => process.setUncaughtExceptionCaptureCallback(null)
}
