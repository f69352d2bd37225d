import type { ProcessDone, ProcessEnded, ProcessTerminated } from '../errors.ts'
import type { Consumer, PushProducer, TransportOptions } from './transport.ts'
import type { Reactor } from './reactor.ts'
import type { GivenOptions } from '../options/check-options.ts'

/**
 * The callbacks of a child process's protocol: `makeConnection` once, then data and the ends of the pipes,
 * `processExited` once, and last `processEnded` once, when the child has exited and all pipes are closed.
 * Processes started by the child may keep its pipes open after its exit. If the child cannot be started, only
 * `processEnded` is called.
 *
 * What a callback throws or rejects with is logged, and kills this child alone. While a promise that
 * `makeConnection` or `childDataReceived` returned is pending, that pipe delivers nothing more.
 */
export interface ProcessEvents {
  /** The child runs. `transport` controls it. */
  makeConnection(transport: ProcessTransport): unknown
  /** The child wrote to its descriptor `childFD`. The protocol may keep the bytes. */
  childDataReceived(childFD: number, data: Buffer): unknown
  /** The pipe to the child's descriptor `childFD` is closed, by either side. */
  childConnectionLost(childFD: number): unknown
  /** The child has exited. Output from before its exit may still follow. */
  processExited(reason: ProcessDone | ProcessTerminated): unknown
  /** The child has exited, and all its pipes are closed. The last call. */
  processEnded(reason: ProcessEnded): unknown
}

/** A signal without its `SIG`: `TERM`, `KILL`, `HUP`. */
export type SignalName = WithoutSIG<NodeJS.Signals>

/**
 * Controls a child process. As a consumer it writes to the child's standard input; as a producer it pauses
 * everything that the child writes.
 */
export interface ProcessTransport extends Consumer, PushProducer {
  readonly reactor: Reactor
  /** The process id; undefined when the child could not be started. */
  readonly pid: number | undefined
  /** Bytes written to standard input that the operating system has not accepted yet. */
  readonly bufferedBytes: number
  /**
   * Queues bytes for its standard input, or a string as UTF-8.
   *
   * @returns false above the high-water mark, where the bytes are queued all the same. Also false when that
   *   pipe is closing or gone: the bytes are dropped. A write while the queue is beyond `maxBufferedBytes`
   *   kills the child.
   */
  write(data: Uint8Array | string): boolean
  /** Writes `parts`, in order, as one write. */
  writeSequence(parts: Iterable<Uint8Array | string>): boolean
  /** The same as `write`, for the descriptor `childFD`. */
  writeToChild(childFD: number, data: Uint8Array | string): boolean
  /**
   * Resolves when the queue of standard input is below the low-water mark: with true, or with false when that
   * pipe is closing or gone.
   */
  drained(): Promise<boolean>
  /** Closes its standard input after everything queued was sent. */
  closeStdin(): void
  /** Stops reading its standard output and closes the pipe. */
  closeStdout(): void
  /** Stops reading its standard error and closes the pipe. */
  closeStderr(): void
  /**
   * Closes the pipe to its descriptor `childFD`; a pipe that we write to, after everything queued was sent.
   */
  closeChildFD(childFD: number): void
  /**
   * Closes every pipe. No signal is sent: the child may continue to run, and `processEnded` waits for its
   * exit.
   */
  loseConnection(): void
  /**
   * Sends `signal` to the child.
   *
   * @throws {ProcessExitedAlready} once it has exited.
   */
  signalProcess(signal: SignalName): void
  /** Delivers no output of the child until `resumeProducing`. */
  pauseProducing(): void
  /** Delivers again from the end of this turn on, first the bytes that were held. */
  resumeProducing(): void
  /** The same as `loseConnection`. */
  stopProducing(): void
}

/**
 * Where a child's descriptor leads: `w`, a pipe we write to; `r`, a pipe we read; a number, this descriptor
 * of ours.
 */
export type ChildFD = 'w' | 'r' | number

/** Options of `spawnProcess`. */
export interface SpawnOptions {
  /** Its whole environment. Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Its working directory. Default: that of this process. */
  readonly cwd?: string | undefined
  /** Its user id. Default: that of this process. */
  readonly uid?: number | undefined
  /** Its group id. Default: that of this process. */
  readonly gid?: number | undefined
  /**
   * Its descriptors by number. A number that is missing below the highest one is the null device. Default
   * `{ 0: 'w', 1: 'r', 2: 'r' }`.
   */
  readonly childFDs?: Readonly<Record<number, ChildFD>> | undefined
  /**
   * Kills the child when the signal aborts. The signal's reason becomes the cause of the ProcessTerminated.
   */
  readonly signal?: AbortSignal | undefined
  /**
   * Limits of each pipe's output queue and read-ahead. `writeStallMs` is unlimited unless given: a child may
   * be slow.
   */
  readonly transport?: GivenOptions<TransportOptions> | undefined
}

/** Child processes. */
export interface ReactorProcess {
  /**
   * Starts `command`, which is searched for in PATH, with `args`. As in Node, the environment is inherited
   * unless given, and `args` does not begin with the program's name. No shell is involved.
   *
   * A stop of the reactor closes the child's standard input and sends SIGTERM. At the deadline the child is
   * killed.
   *
   * @throws {TypeError | RangeError} when an argument or option is unknown, of the wrong type or out of
   *   range. Nothing is started then. A command that cannot be started is reported to `processEnded` instead.
   */
  spawnProcess(
    processProtocol: ProcessEvents,
    command: string,
    args?: readonly string[],
    options?: SpawnOptions,
  ): ProcessTransport
}

type WithoutSIG<S> = S extends `SIG${infer Name}` ? Name : never
