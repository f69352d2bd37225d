import { counted } from '../bytes/remote-error.ts'
import { ProcessDone, type ProcessEnded, ProcessTerminated } from '../errors.ts'
import type { ReactorProcess, SpawnOptions } from '../interfaces/process.ts'
import type { ReactorCore, ReactorTime } from '../interfaces/reactor.ts'
import { ProcessProtocol } from '../protocol/process-protocol.ts'
import { checkOptions } from '../options/check-options.ts'
import { byteCount, having, milliseconds, type OptionRules } from '../options/option-rules.ts'
import { tolerated } from '../safely.ts'
import { SPAWN_RULES } from './spawned-process.ts'
import { reactor as defaultReactor } from './default-reactor.ts'

/** How a command is run for its output. */
export interface ProcessOutputOptions extends Omit<SpawnOptions, 'childFDs' | 'transport'> {
  /** Default: the default reactor. */
  readonly reactor?: (ReactorProcess & ReactorTime & Partial<Pick<ReactorCore, 'stopping'>>) | undefined
  /** Most bytes of output and errors together; beyond them the child is killed. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** Longest run, in milliseconds; then the child is killed. Default: no limit. */
  readonly timeoutMs?: number | undefined
}

/** What a command wrote, and how it ended. */
export interface ProcessOutput {
  readonly output: Buffer
  readonly errors: Buffer
  readonly exitCode: number
}

/**
 * Runs a command without input, and returns what it wrote to its standard output.
 *
 * @throws {ProcessTerminated} (rejects) when its status is not 0; the cause has its standard error as the
 *   message. Otherwise as `getProcessOutputAndValue` does.
 */
export function getProcessOutput(
  command: string,
  args: readonly string[] = [],
  options: ProcessOutputOptions = {},
): Promise<Buffer> {
  const collector = new Collector()
  const output = run(collector, command, args, options).then((ended) => {
    if (ended.exitCode === 0) return ended.output
    const written = ended.errors.toString().trimEnd()
    const cause = written === '' ? {} : { cause: new Error(written) }
    throw new ProcessTerminated(ended.exitCode, undefined, { ...cause, ...collector.collected })
  })
  return tolerated(output, (error) => collector.tolerates(error))
}

/**
 * Runs a command without input, and returns what it wrote and its status.
 *
 * Signals go to the command alone: processes that it has started live on.
 *
 * @throws {ProcessNotStarted} (rejects) when it cannot be started.
 * @throws {ProcessTerminated} (rejects) when a signal ended it, and beyond `maxBytes` or `timeoutMs`, which
 *   the cause names, also while processes that it started still hold its pipes. `output` and `errors` are the
 *   bytes received until then. When the stop of the reactor ended the command, the rejection is never
 *   reported as unhandled.
 * @throws {unknown} (rejects) with the reason of `signal` once that aborts.
 */
export function getProcessOutputAndValue(
  command: string,
  args: readonly string[] = [],
  options: ProcessOutputOptions = {},
): Promise<ProcessOutput> {
  const collector = new Collector()
  return tolerated(run(collector, command, args, options), (error) => collector.tolerates(error))
}

async function run(
  collector: Collector,
  command: string,
  args: readonly string[],
  options: ProcessOutputOptions,
): Promise<ProcessOutput> {
  checkOptions('getProcessOutput', options, RULES)
  const {
    reactor = defaultReactor,
    maxBytes = DEFAULT_MAX_BYTES,
    timeoutMs,
    signal,
    ...spawnOptions
  } = options
  const stopped = new AbortController()
  const stop = (why: string): void => stopped.abort(new Error(`Cannot wait for ${command}: ${why}`))
  const ended = collector.collect({
    maxBytes,
    tooMuch: () => stop(`it wrote more than ${counted(maxBytes, 'byte')}`),
    isStopping: () => reactor.stopping === true,
    signal,
  })
  reactor.spawnProcess(collector, command, args, {
    ...spawnOptions,
    childFDs: { 1: 'r', 2: 'r' },
    signal: signal === undefined ? stopped.signal : AbortSignal.any([signal, stopped.signal]),
  })
  const late = (): void => stop(`it took longer than ${timeoutMs} ms`)
  const deadline = timeoutMs === undefined ? undefined : reactor.callLater(timeoutMs, late)
  const reason = await ended
  if (deadline?.active()) deadline.cancel()
  signal?.throwIfAborted()
  const { collected } = collector
  const { exitCode, endedBy, cause } = howEnded(reason)
  const why = stopped.signal.aborted ? (stopped.signal.reason as Error) : cause
  if (exitCode !== undefined && !stopped.signal.aborted) return { ...collected, exitCode }
  throw new ProcessTerminated(exitCode, endedBy, {
    ...(why === undefined ? {} : { cause: why }),
    ...collected,
  })
}

/** @throws {ProcessEnded} when the command was not started. */
function howEnded(reason: ProcessEnded): {
  readonly exitCode?: number | undefined
  readonly endedBy?: NodeJS.Signals | undefined
  readonly cause?: unknown
} {
  if (reason instanceof ProcessDone) return { exitCode: 0 }
  if (!(reason instanceof ProcessTerminated)) throw reason
  return { exitCode: reason.exitCode, endedBy: reason.signal, cause: reason.cause }
}

/** The limits of a run, and the stops that are not a fault of the program. */
interface Bounds {
  readonly maxBytes: number
  readonly tooMuch: () => void
  readonly isStopping: () => boolean
  readonly signal: AbortSignal | undefined
}

class Collector extends ProcessProtocol {
  readonly #output: Buffer[] = []
  readonly #errors: Buffer[] = []
  #bounds: Bounds | undefined
  #leftBytes = 0
  #endedByStop = false
  #end: (reason: ProcessEnded) => void = () => undefined

  get collected(): { readonly output: Buffer; readonly errors: Buffer } {
    return { output: Buffer.concat(this.#output), errors: Buffer.concat(this.#errors) }
  }

  /** Starts collecting. Resolves with how the command ended. */
  collect(bounds: Bounds): Promise<ProcessEnded> {
    this.#bounds = bounds
    this.#leftBytes = bounds.maxBytes
    return new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** Whether the reactor's stop or the caller's own signal caused a rejection. */
  tolerates(error: unknown): boolean {
    const signal = this.#bounds?.signal
    return this.#endedByStop || (signal?.aborted === true && error === signal.reason)
  }

  override outReceived(data: Buffer): void {
    this.#keep(this.#output, data)
  }

  override errReceived(data: Buffer): void {
    this.#keep(this.#errors, data)
  }

  override processEnded(reason: ProcessEnded): void {
    this.#endedByStop = this.#bounds?.isStopping() === true
    this.#end(reason)
  }

  #keep(pieces: Buffer[], data: Buffer): void {
    this.#leftBytes -= data.length
    if (this.#leftBytes < 0) this.#bounds?.tooMuch()
    else pieces.push(data)
  }
}

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024
const { childFDs: _taken, transport: _unused, ...SHARED_RULES } = SPAWN_RULES
const RULES: OptionRules<ProcessOutputOptions> = {
  ...SHARED_RULES,
  reactor: having('a reactor with processes', 'spawnProcess'),
  maxBytes: byteCount({ endless: true }),
  timeoutMs: milliseconds({ endless: true }),
}
