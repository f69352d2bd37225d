import type { Worker } from 'node:worker_threads'

/** How many threads can run at the same time. */
export function coreCount(): number {
  return process.getBuiltinModule('node:os').availableParallelism()
}

/**
 * Runs one worker thread for each of `shares`, and resolves with what each has sent.
 *
 * @param entry The name of the module in this folder that the threads run, without extension.
 * @returns undefined when a thread cannot run its module: Node may not be able to load what vitest or another
 * loader can.
 */
export async function inThreads<R>(
  entry: string,
  shares: readonly unknown[],
): Promise<readonly R[] | undefined> {
  // As source the module ends in .ts, as published in .js, like this one.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const url = new URL(`./${entry}.${extension}`, import.meta.url)
  const workers = shares.map((workerData) => new Worker(url, { workerData }))
  try {
    return await Promise.all(workers.map(resultOf<R>))
  } catch {
    return undefined
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function resultOf<R>(worker: Worker): Promise<R> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) =>
      reject(new Error(`A worker thread ended with code ${code} before it was done`)),
    )
  })
}
