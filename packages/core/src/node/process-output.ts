import type { ReactorProcess, SpawnOptions } from '../contracts/process.ts'
import type { ReactorTime } from '../contracts/reactor.ts'
import { ProcessDone, type ProcessEnded, ProcessTerminated } from '../errors.ts'
import { ProcessProtocol } from '../protocol/process-protocol.ts'
import { checkOptions } from '../options/check-options.ts'
import { bytes, having, milliseconds, type OptionRules } from '../options/option-rules.ts'
import { SPAWN_RULES } from './spawn-rules.ts'
import { reactor as defaultReactor } from './default-reactor.ts'

/** How a command is run for its output. */
export interface ProcessOutputOptions extends Omit<SpawnOptions, 'childFDs' | 'transport'> {
  /** Default: the default reactor. */
  readonly reactor?: ReactorProcess & ReactorTime
  /** Most bytes of output and errors together; beyond them the child is killed. Default 16 MiB. */
  readonly maxBytes?: number
  /** Longest run, in milliseconds; then the child is killed. Default: any. */
  readonly timeoutMs?: number
}

/** What a command wrote, and how it ended. */
export interface ProcessOutput {
  readonly output: Buffer
  readonly errors: Buffer
  readonly exitCode: number
}

/**
 * Runs a command without input, and answers what it wrote to its standard output.
 *
 * @throws {ProcessTerminated} (rejects) when it ends with a status other than 0, its standard error as the
 *   cause; otherwise as `getProcessOutputAndValue` does.
 */
export async function getProcessOutput(
  command: string,
  args: readonly string[] = [],
  options: ProcessOutputOptions = {},
): Promise<Buffer> {
  const { output, errors, exitCode } = await getProcessOutputAndValue(command, args, options)
  if (exitCode === 0) return output
  const cause = errors.length === 0 ? undefined : { cause: new Error(errors.toString().trimEnd()) }
  throw new ProcessTerminated(exitCode, undefined, cause)
}

/**
 * Runs a command without input, and answers what it wrote and with what status it ended.
 *
 * @throws {ProcessNotStarted} (rejects) when it cannot be started.
 * @throws {ProcessTerminated} (rejects) when a signal ended it; and beyond `maxBytes` or `timeoutMs`, which
 *   its cause says, also when what it had started still held its pipes.
 * @throws {unknown} (rejects) with the reason of `signal` once that aborts.
 */
export async function getProcessOutputAndValue(
  command: string,
  args: readonly string[] = [],
  options: ProcessOutputOptions = {},
): Promise<ProcessOutput> {
  checkOptions('getProcessOutput', options, RULES)
  const {
    reactor = defaultReactor,
    maxBytes = 16 * 1024 * 1024,
    timeoutMs,
    signal,
    ...spawnOptions
  } = options
  const stopped = new AbortController()
  const stop = (why: string): void => stopped.abort(new Error(`Cannot wait for ${command}: ${why}`))
  const collector = new Collector(maxBytes, () => stop(`it wrote more than ${maxBytes} bytes`))
  reactor.spawnProcess(collector, command, args, {
    ...spawnOptions,
    childFDs: { 1: 'r', 2: 'r' },
    signal: signal === undefined ? stopped.signal : AbortSignal.any([signal, stopped.signal]),
  })
  const late = (): void => stop(`it took longer than ${timeoutMs} ms`)
  const deadline = timeoutMs === undefined ? undefined : reactor.callLater(timeoutMs, late)
  const reason = await collector.ended
  if (deadline?.active()) deadline.cancel()
  signal?.throwIfAborted()
  const exitCode = exitCodeOf(reason)
  if (stopped.signal.aborted)
    throw new ProcessTerminated(exitCode, undefined, { cause: stopped.signal.reason })
  return { ...collector.collected, exitCode }
}

class Collector extends ProcessProtocol {
  readonly ended: Promise<ProcessEnded>
  readonly #output: Buffer[] = []
  readonly #errors: Buffer[] = []
  readonly #tooMuch: () => void
  #leftBytes: number
  #end: (reason: ProcessEnded) => void = () => undefined

  constructor(maxBytes: number, tooMuch: () => void) {
    super()
    this.#leftBytes = maxBytes
    this.#tooMuch = tooMuch
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  get collected(): { readonly output: Buffer; readonly errors: Buffer } {
    return { output: Buffer.concat(this.#output), errors: Buffer.concat(this.#errors) }
  }

  override outReceived(data: Buffer): void {
    this.#collect(this.#output, data)
  }

  override errReceived(data: Buffer): void {
    this.#collect(this.#errors, data)
  }

  override processEnded(reason: ProcessEnded): void {
    this.#end(reason)
  }

  #collect(pieces: Buffer[], data: Buffer): void {
    this.#leftBytes -= data.length
    if (this.#leftBytes < 0) this.#tooMuch()
    else pieces.push(data)
  }
}

function exitCodeOf(reason: ProcessEnded): number {
  if (reason instanceof ProcessDone) return 0
  if (reason instanceof ProcessTerminated && reason.exitCode !== undefined) return reason.exitCode
  throw reason
}

const { childFDs: _taken, transport: _unused, ...SHARED_RULES } = SPAWN_RULES
const RULES: OptionRules<ProcessOutputOptions> = {
  ...SHARED_RULES,
  reactor: having('a reactor with processes', 'spawnProcess'),
  maxBytes: bytes({ endless: true }),
  timeoutMs: milliseconds({ endless: true }),
}
