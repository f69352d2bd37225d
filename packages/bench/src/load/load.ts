import type { Histogram } from './histogram.ts'

/**
 * Work for a server: what runs in the load process.
 *
 * A load throws when the server does anything unexpected, from any of its callbacks: that ends the process and fails
 * the measurement.
 */
export interface Load {
  /** Opens all connections. The server has nothing to do when the promise resolves. */
  open(): Promise<void>
  /** Begins to send requests. */
  start(): void
  /** Sends no more requests; resolves when all replies have been received. A load may start again afterwards. */
  pause(): Promise<void>
  /** The requests whose replies were received so far. */
  readonly requests: number
  /** The bytes received so far, whole replies or not. */
  readonly bytesReceived: number
  /** The time from each request to its reply. The caller clears it. */
  readonly latencies: Histogram
}

/** What every load is given. */
export interface LoadOptions {
  /** The port of the server on 127.0.0.1. */
  readonly port: number
  /** The number of connections. */
  readonly connections: number
}
