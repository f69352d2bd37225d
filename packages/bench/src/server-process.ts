import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isListening } from './listening-ports.ts'
import { PinnedProcess, SERVER_CORE } from './pinned-process.ts'
import { cpuSecondsOf, peakBytesOf, residentBytesOf } from './process-usage.ts'

/**
 * A server in a process of its own, on the core for servers.
 *
 * ```ts
 * const server = await ServerProcess.start((port) => [process.execPath, 'server.mjs', String(port)])
 * server.cpuSeconds()
 * await server.stop()
 * ```
 */
export class ServerProcess {
  /** The port on 127.0.0.1 where it accepts connections. */
  readonly port: number
  readonly #process: PinnedProcess

  private constructor(process: PinnedProcess, port: number) {
    this.#process = process
    this.port = port
  }

  /**
   * Starts a server, and waits until it listens.
   *
   * @param command Returns the program and its arguments for a server on a port of 127.0.0.1 that is free.
   * @throws {Error} with the output of the server, when it ends or does not listen within 20 seconds.
   */
  static async start(command: (port: number) => readonly string[]): Promise<ServerProcess> {
    const port = await freePort()
    const process = new PinnedProcess(command(port), SERVER_CORE, ['ignore', 'pipe', 'pipe'])
    const deadline = performance.now() + START_TIMEOUT_MS
    while (!isListening(port)) {
      if (process.hasEnded || performance.now() > deadline) {
        await process.stop()
        throw new Error(`Cannot start ${command(port).join(' ')}: ${process.output}`)
      }
      await sleep(POLL_MS)
    }
    return new ServerProcess(process, port)
  }

  /** The id of the process, for `/proc`. */
  get pid(): number {
    return this.#process.pid
  }

  /** CPU time used so far in seconds: user and system, descendants included. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.pid)
  }

  /** Resident memory now, descendants included. */
  residentBytes(): number {
    return residentBytesOf(this.pid)
  }

  /** The most resident memory so far, descendants included. */
  peakBytes(): number {
    return peakBytesOf(this.pid)
  }

  /** Ends the server, and waits for its end. */
  stop(): Promise<void> {
    return this.#process.stop()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const START_TIMEOUT_MS = 20_000
const POLL_MS = 20
