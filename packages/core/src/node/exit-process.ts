import type { Writable } from 'node:stream'

/** The standard output and error of this process, watched for what cannot be written. */
export class ProcessOutput {
  readonly #streams: readonly Writable[]
  #failure: Error | undefined
  readonly #failed = (error: Error): void => {
    this.#failure ??= error
  }

  /** @param streams Default: the process's own. */
  constructor(streams: readonly Writable[] = [process.stdout, process.stderr]) {
    this.#streams = streams
    for (const stream of streams) stream.on('error', this.#failed)
  }

  /** What kept output from being written, such as a full disk; a reader that has left is no failure. */
  get failure(): Error | undefined {
    const error = this.#failure
    return error !== undefined && 'code' in error && error.code === 'EPIPE' ? undefined : error
  }

  /**
   * Resolves once all that was written has left the process, or cannot leave any more.
   *
   * @param longestMs Longest wait, in milliseconds. Default: any. The wait by itself does not keep the process alive.
   */
  async written(longestMs?: number): Promise<void> {
    // What a write has failed with is known in the next turn, also to a file.
    await new Promise((resolve) => setImmediate(resolve))
    const all = Promise.all(this.#streams.map(written))
    if (longestMs === undefined) return void (await all)
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, longestMs).unref()
      void all.then(() => {
        clearTimeout(late)
        resolve()
      })
    })
  }

  /** Watches no more. */
  end(): void {
    for (const stream of this.#streams) stream.off('error', this.#failed)
  }
}

function written(stream: Writable): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const over = (): void => resolve()
    for (const event of ['finish', 'close', 'error']) stream.once(event, over)
    // Called when all that was written before has left, or has failed.
    if (!stream.writableEnded) stream.write('', over)
  })
}
