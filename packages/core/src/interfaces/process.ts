import type { ProcessDone, ProcessEnded, ProcessTerminated } from '../errors.ts'
import type { Consumer, PushProducer, TransportOptions } from './transport.ts'
import type { Reactor } from './reactor.ts'
import type { GivenOptions } from '../options/check-options.ts'

/**
 * What a child process tells its protocol: `makeConnection` once, then data and the ends of its pipes,
 * `processExited` once, and `processEnded` once and last, when it has exited and all pipes are closed:
 * what the child has started may hold them longer than it lives. A child that could not be started
 * tells `processEnded` alone.
 *
 * A throw, or a promise that rejects, is logged and kills this child alone. While a promise that
 * `makeConnection` or `childDataReceived` returned is pending, that pipe delivers nothing more.
 */
export interface ProcessEvents {
  /** The child runs; `transport` leads to it. */
  makeConnection(transport: ProcessTransport): unknown
  /** The child wrote to its descriptor `childFD`. The bytes are the protocol's to keep. */
  childDataReceived(childFD: number, data: Buffer): unknown
  /** The pipe to the child's descriptor `childFD` is closed, by either side. */
  childConnectionLost(childFD: number): unknown
  /** The child has exited; what it wrote may still be on its way. */
  processExited(reason: ProcessDone | ProcessTerminated): unknown
  /** The child has exited, and nothing more comes of it. The last call. */
  processEnded(reason: ProcessEnded): unknown
}

/** A signal without its `SIG`: `TERM`, `KILL`, `HUP`. */
export type SignalName = WithoutSIG<NodeJS.Signals>

/**
 * A child process, as its protocol steers it. What it reads from and writes to as a consumer is the
 * child's standard input; what it pauses as a producer is everything the child writes.
 */
export interface ProcessTransport extends Consumer, PushProducer {
  readonly reactor: Reactor
  /** Its number; undefined when it could not be started. */
  readonly pid: number | undefined
  /** Bytes for its standard input that it has not taken. */
  readonly bufferedBytes: number
  /**
   * Queues bytes for its standard input, or a string as UTF-8.
   *
   * @returns false above the high-water mark (they are queued all the same), and when they are dropped
   *   because that pipe is closing or gone. While the queue is beyond its hard cap, a write kills the child.
   */
  write(data: Uint8Array | string): boolean
  /** Writes `parts`, in order, as one write. */
  writeSequence(parts: Iterable<Uint8Array | string>): boolean
  /** The same as `write`, for the descriptor `childFD`. */
  writeToChild(childFD: number, data: Uint8Array | string): boolean
  /** Resolves when little waits for standard input: true to go on, false when that pipe is closing or gone. */
  drained(): Promise<boolean>
  /** Closes its standard input, behind what is queued. */
  closeStdin(): void
  /** Reads its standard output no more. */
  closeStdout(): void
  /** Reads its standard error no more. */
  closeStderr(): void
  /** Closes the pipe to its descriptor `childFD`; one that is written to, behind what is queued. */
  closeChildFD(childFD: number): void
  /** Closes every pipe. The child is not told otherwise: it may go on, and `processEnded` waits for it. */
  loseConnection(): void
  /** @throws {ProcessExitedAlready} once it has exited. */
  signalProcess(signal: SignalName): void
  /** Delivers nothing of what the child writes until `resumeProducing`. */
  pauseProducing(): void
  /** Delivers again, first what was held back, at the end of this turn. */
  resumeProducing(): void
  /** The same as `loseConnection`. */
  stopProducing(): void
}

/** What becomes of a child's descriptor: we write to it, we read from it, or it is this descriptor of ours. */
export type ChildFD = 'w' | 'r' | number

/** How a child process is started. */
export interface SpawnOptions {
  /** Its whole environment. Default: ours. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The directory it runs in. Default: ours. */
  readonly cwd?: string | undefined
  /** The user it runs as. Default: ours. */
  readonly uid?: number | undefined
  /** The group it runs as. Default: ours. */
  readonly gid?: number | undefined
  /** Its descriptors, by number; below the highest, one not named is the null device. Default `{ 0: 'w', 1: 'r', 2: 'r' }`. */
  readonly childFDs?: Readonly<Record<number, ChildFD>> | undefined
  /** Kills the child when it aborts; its reason becomes the cause of the ProcessTerminated. */
  readonly signal?: AbortSignal | undefined
  /** Limits of what waits for the child, and is read ahead of the protocol. A child may take its time: no `writeStallMs` unless given. */
  readonly transport?: GivenOptions<TransportOptions> | undefined
}

/** Child processes. */
export interface ReactorProcess {
  /**
   * Starts `command`, searched for in PATH, with `args`: as in Node, the environment is inherited unless
   * given, and the name of the program is not among the arguments. No shell reads them.
   *
   * A stop of the reactor closes the child's standard input and sends it SIGTERM; at the deadline it is killed.
   *
   * @throws {TypeError | RangeError} for an argument or an option that is not what it must be; nothing is started then. That
   *   the command cannot be started is reported to `processEnded`.
   */
  spawnProcess(
    processProtocol: ProcessEvents,
    command: string,
    args?: readonly string[],
    options?: SpawnOptions,
  ): ProcessTransport
}

type WithoutSIG<S> = S extends `SIG${infer Name}` ? Name : never
