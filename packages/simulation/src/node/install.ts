import type { SimulatedHost } from '../host/simulated-host.ts'
import { type NodePrograms, nodePrograms, provideNodePrograms } from '../node-programs.ts'
import { catchExceptions } from '../real/uncaught-exceptions.ts'
import { uncaught } from '../run-loop.ts'
import { standInForExit } from './exit.ts'
import { standInForDatagrams } from './dgram.ts'
import { standInForDNS } from './dns.ts'
import { standInForFetch } from './fetch.ts'
import { forgetAgentsOfHosts, standInForHTTP } from './http.ts'
import { standInForHTTPTimeouts } from './http-timeouts.ts'
import { forgetStreams, standInForHTTP2 } from './http2.ts'
import { findNetInternals } from './internals.ts'
import { isModuleLoader } from './module-loaders.ts'
import { standInForNet } from './net.ts'
import { adoptHost, isNodeHost } from './node-hosts.ts'
import { noteProcessListeners, removeProcessListeners } from './process-listeners.ts'
import { standInForRandomness } from './randomness.ts'
import { HostResources, THREADS } from './host-resources.ts'
import { refuseRealActions } from './refused.ts'
import { StreamHandle } from './stream-handle.ts'
import { takeTimersFromNode } from './timers.ts'
import { standInForZlib } from './zlib.ts'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Prepares this process for `sim.node`. Code of hosts that `sim.node` adds gets the simulated network, clock and
 * randomness from the modules and globals of Node; all other code gets the real ones. A second call has no effect.
 *
 * @throws {Error} when this version of Node has not got what it replaces.
 */
export function install(): void {
  if (nodePrograms() !== undefined) return
  const internals = findNetInternals()
  standInForNet(internals)
  standInForDatagrams(internals.owner)
  standInForDNS()
  standInForHTTP()
  standInForHTTPTimeouts()
  standInForHTTP2()
  standInForZlib(internals.owner)
  refuseRealActions()
  noteProcessListeners()
  standInForRandomness()
  syncBuiltinESMExports()
  provideNodePrograms(new SimulatedNode(internals.owner))
}

class SimulatedNode implements NodePrograms {
  readonly #resources = new HostResources()
  readonly #leave: (() => void)[] = []
  /** The simulation that ran last. */
  #last: WeakRef<object> | undefined
  readonly #failed: ((error: unknown) => void)[] = []
  readonly #owner: symbol

  /** @param owner The property of a handle that has its stream. */
  constructor(owner: symbol) {
    this.#owner = owner
  }

  eventEnded(nextTurn: () => Promise<void>): Promise<string | undefined> | undefined {
    takeTimersFromNode()
    return this.#resources.areBusy ? this.#settled(nextTurn) : undefined
  }

  adopt(host: SimulatedHost): void {
    adoptHost(host)
  }

  isNode(host: SimulatedHost): boolean {
    return isNodeHost(host)
  }

  simulates(host: SimulatedHost, type: string): boolean {
    return isNodeHost(host) && (SIMULATED.has(type) || (OF_LOADERS.has(type) && isModuleLoader()))
  }

  enter(simulation: object, failed: (error: unknown) => void): () => void {
    if (simulation !== this.#last?.deref()) this.forget()
    this.#last = new WeakRef(simulation)
    if (this.#failed.push(failed) === 1) this.#begin()
    return () => {
      this.#failed.splice(this.#failed.indexOf(failed), 1)
      if (this.#failed.length === 0) for (const leave of this.#leave.splice(0)) leave()
    }
  }

  forget(): void {
    // The time of another simulation passes.
    if (this.#failed.length > 0) return
    forgetAgentsOfHosts()
    StreamHandle.forgetOpen()
    forgetStreams(this.#owner)
    removeProcessListeners()
  }

  async #settled(nextTurn: () => Promise<void>): Promise<string | undefined> {
    const resources = this.#resources
    const startedMs = performance.now()
    for (let turns = 0; resources.areBusy; turns++) {
      await resources.turn(nextTurn)
      takeTimersFromNode()
      if (resources.isReading) turns = 0
      if (turns === MAX_TURNS) {
        resources.clearImmediates()
        return 'A program calls setImmediate without end, so no time passes'
      }
      if (performance.now() - startedMs > LONGEST_READ_MS)
        return `A program waits longer than ${LONGEST_READ_MS} ms for a real file, thread or module`
    }
    return undefined
  }

  #begin(): void {
    standInForFetch()
    this.#resources.start()
    const endCatching = catchExceptions((error) =>
      uncaught(error, () => {
        for (const failed of this.#failed) failed(error)
      }),
    )
    this.#leave.push(endCatching, standInForExit(), () => this.#resources.stop())
  }
}

/** Resource types that hosts may use: they are simulated, or time stands still until they are done. */
const SIMULATED: ReadonlySet<string> = new Set([
  'Timeout',
  'Immediate',
  'TCPWRAP',
  'UDPWRAP',
  'ZLIB',
  ...THREADS,
])
/** What loaders of modules may use. */
const OF_LOADERS: ReadonlySet<string> = new Set(['WORKER', 'PROCESSWRAP'])
const MAX_TURNS = 20_000
const LONGEST_READ_MS = 10_000
