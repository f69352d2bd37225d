import { parentPort, workerData } from 'node:worker_threads'
import { runShare, type Share } from '../seeds.ts'

// The entry of a worker thread: it runs the seeds of its share and sends back what it has found.
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has no origin
parentPort?.postMessage(await runShare(workerData as Share))
