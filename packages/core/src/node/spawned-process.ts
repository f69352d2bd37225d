import type { ChildProcess } from 'node:child_process'
import { Readable, Writable } from 'node:stream'
import {
  ProcessDone,
  type ProcessEnded,
  ProcessExitedAlready,
  ProcessNotStarted,
  ProcessTerminated,
} from '../errors.ts'
import type {
  ChildFD,
  ProcessEvents,
  ProcessTransport,
  SignalName,
  SpawnOptions,
} from '../interfaces/process.ts'
import type { Reactor } from '../interfaces/reactor.ts'
import type { PullProducer, PushProducer, TransportOptions } from '../interfaces/transport.ts'
import { checkOptions, checkValue, withDefaults } from '../options/check-options.ts'
import { ABORT_SIGNAL, instance } from '../options/object-rules.ts'
import {
  count,
  listOf,
  type OptionRule,
  type OptionRules,
  optionsOf,
  path,
  filledText,
} from '../options/option-rules.ts'
import { callSafely } from '../safely.ts'
import { onAbort } from '../time/cancellable.ts'
import type { Attempting, ConnectionRegistry } from '../transport/connection-registry.ts'
import { DEFAULT_TRANSPORT_OPTIONS, TRANSPORT_RULES } from '../transport/transport-options.ts'
import { ProcessReader, ProcessWriter } from './process-streams.ts'

/** What to start, and the protocol that is notified. */
export interface SpawnSetup {
  readonly registry: ConnectionRegistry
  readonly protocol: ProcessEvents
  readonly command: string
  readonly args: readonly string[]
  readonly options: SpawnOptions
}

/**
 * A child process, its pipes, and how it ends:
 *
 *     running ──its exit──▶ exited ──all pipes closed──▶ ended
 *        └────────────────could not be started────────────▲
 *
 * A stopping reactor treats it like a connection attempt, and asks it to end twice. At once, its stdin is
 * closed and it gets SIGTERM; at the deadline it gets SIGKILL.
 */
export class SpawnedProcess implements ProcessTransport {
  readonly pid: number | undefined
  readonly #setup: SpawnSetup
  readonly #child: ChildProcess | undefined
  readonly #readers = new Map<number, ProcessReader>()
  readonly #writers = new Map<number, ProcessWriter>()
  readonly #attempt = { label: '', stopConnecting: (): void => this.#stopAsked() } satisfies Attempting
  #forgetSignal = (): void => undefined
  #stage: Stage = RUNNING
  #openPipes = 0
  /** Whether it was asked to end once, or was started while the reactor was stopping. */
  #forewarned: boolean
  #killed: { readonly cause: unknown } | undefined

  /** @throws {unknown} what `spawn` throws, except system errors, which are passed to `processEnded`. */
  constructor(setup: SpawnSetup) {
    this.#setup = setup
    this.#forewarned = setup.registry.stopping
    this.#child = this.#launch()
    this.pid = this.#child?.pid
    if (this.#child !== undefined && this.pid !== undefined) this.#follow(this.#child)
  }

  get reactor(): Reactor {
    return this.#setup.registry.reactor
  }

  get bufferedBytes(): number {
    return this.#stdin?.bufferedBytes ?? 0
  }

  write(data: Uint8Array | string): boolean {
    return this.writeToChild(STDIN, data)
  }

  writeSequence(parts: Iterable<Uint8Array | string>): boolean {
    return this.#stdin?.writeSequence(parts) ?? false
  }

  writeToChild(childFD: number, data: Uint8Array | string): boolean {
    return this.#writers.get(childFD)?.write(data) ?? false
  }

  async drained(): Promise<boolean> {
    return (await this.#stdin?.drained()) ?? false
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#stdin === undefined) void this.#call(() => producer.stopProducing())
    else this.#stdin.registerProducer(producer, streaming)
  }

  unregisterProducer(): void {
    this.#stdin?.unregisterProducer()
  }

  closeStdin(): void {
    this.closeChildFD(STDIN)
  }

  closeStdout(): void {
    this.closeChildFD(STDOUT)
  }

  closeStderr(): void {
    this.closeChildFD(STDERR)
  }

  closeChildFD(childFD: number): void {
    this.#writers.get(childFD)?.close()
    this.#readers.get(childFD)?.close()
  }

  loseConnection(): void {
    for (const writer of this.#writers.values()) writer.close()
    for (const reader of this.#readers.values()) reader.close()
  }

  signalProcess(signal: SignalName): void {
    if (this.#stage.is !== 'running') throw new ProcessExitedAlready(this.#setup.command)
    this.#child?.kill(`SIG${signal}`)
  }

  pauseProducing(): void {
    for (const reader of this.#readers.values()) reader.pause()
  }

  resumeProducing(): void {
    for (const reader of this.#readers.values()) reader.resume()
  }

  stopProducing(): void {
    this.loseConnection()
  }

  get #stdin(): ProcessWriter | undefined {
    return this.#writers.get(STDIN)
  }

  #launch(): ChildProcess | undefined {
    const { command, args, options } = this.#setup
    const { cwd, env, uid, gid, signal, childFDs = DEFAULT_CHILD_FDS } = options
    if (signal?.aborted) return this.#failLater(signal.reason)
    try {
      // Loaded here, because most programs start no process.
      const { spawn } = process.getBuiltinModule('node:child_process')
      const child = spawn(command, args, { cwd, env, uid, gid, stdio: stdioOf(childFDs) })
      return child.on('error', (cause) => this.#failed(cause))
    } catch (cause) {
      if (!isSystemError(cause)) throw cause
      return this.#failLater(cause)
    }
  }

  #failLater(cause: unknown): undefined {
    setImmediate(() => this.#failed(cause))
  }

  #failed(cause: unknown): void {
    if (this.pid === undefined) return this.#end(new ProcessNotStarted(this.#setup.command, cause))
    this.#log('A child process could not be signalled', cause)
  }

  #follow(child: ChildProcess): void {
    const { registry, protocol, options } = this.#setup
    child.on('exit', (exitCode, signal) => this.#exited(exitCode, signal))
    this.#forgetSignal = onAbort(options.signal, () => this.#abort(options.signal?.reason))
    for (const childFD of Object.keys(options.childFDs ?? DEFAULT_CHILD_FDS))
      this.#connect(Number(childFD), child)
    const made = this.#call(() => protocol.makeConnection(this))
    if (made !== undefined) for (const reader of this.#readers.values()) reader.waitFor(made)
    this.#attempt.label = this.#label
    registry.attemptStarted(this.#attempt)
  }

  #connect(childFD: number, child: ChildProcess): void {
    const use = (this.#setup.options.childFDs ?? DEFAULT_CHILD_FDS)[childFD]
    const stream = child.stdio[childFD]
    if (use === 'w' && stream instanceof Writable) this.#writers.set(childFD, this.#writer(childFD, stream))
    else if (use === 'r' && stream instanceof Readable)
      this.#readers.set(childFD, this.#reader(childFD, stream))
    else return
    this.#openPipes++
  }

  #writer(childFD: number, stream: Writable): ProcessWriter {
    return new ProcessWriter(stream, {
      turn: this.#setup.registry.turn,
      time: this.reactor,
      limits: this.#limits,
      failed: (why) => this.#abort(new Error(`Cannot write to the child process: ${why}`)),
      callProducer: (call) => void this.#call(call),
      lost: () => this.#pipeLost(childFD),
    })
  }

  #reader(childFD: number, stream: Readable): ProcessReader {
    const { registry, protocol } = this.#setup
    return new ProcessReader(stream, {
      turn: registry.turn,
      time: this.reactor,
      limits: this.#limits,
      deliver: (data) => this.#call(() => protocol.childDataReceived(childFD, data)),
      lost: () => this.#pipeLost(childFD),
    })
  }

  get #limits(): TransportOptions {
    return withDefaults('spawnProcess', UNHURRIED, this.#setup.options.transport, TRANSPORT_RULES)
  }

  #pipeLost(childFD: number): void {
    this.#openPipes--
    void this.#call(() => this.#setup.protocol.childConnectionLost(childFD))
    this.#endIfOver()
  }

  #exited(exitCode: number | null, signal: NodeJS.Signals | null): void {
    const reason = reasonOf(exitCode, signal, this.#killed?.cause)
    this.#stage = { is: 'exited', reason }
    void this.#call(() => this.#setup.protocol.processExited(reason))
    this.#endIfOver()
  }

  #endIfOver(): void {
    if (this.#stage.is === 'exited' && this.#openPipes === 0) this.#end(this.#stage.reason)
  }

  #end(reason: ProcessEnded): void {
    this.#stage = ENDED
    const { registry, protocol } = this.#setup
    this.#forgetSignal()
    void this.#call(() => protocol.processEnded(reason))
    registry.attemptEnded(this.#attempt)
  }

  #stopAsked(): void {
    if (this.#forewarned) return this.#abort(new Error('The reactor has stopped'))
    this.#forewarned = true
    this.closeStdin()
    if (this.#stage.is === 'running') this.#child?.kill('SIGTERM')
  }

  /** Closes the pipes too: processes that the child started may outlive it and hold them. */
  #abort(cause: unknown): void {
    if (this.#stage.is === 'ended') return
    this.#killed ??= { cause }
    if (this.#stage.is === 'running') this.#child?.kill('SIGKILL')
    for (const writer of this.#writers.values()) writer.abort()
    for (const reader of this.#readers.values()) reader.close()
  }

  #call(call: () => unknown): Promise<void> | undefined {
    return callSafely(call, (error) => {
      const outcome = this.#stage.is === 'running' ? 'is killed' : 'had ended already'
      this.#log(`A process protocol failed; its child ${outcome}`, error)
      this.#abort(error)
    })
  }

  get #label(): string {
    const { protocol, command } = this.#setup
    return `${protocol.constructor.name} ${command}[${this.pid ?? 'not started'}]`
  }

  #log(what: string, error: unknown): void {
    this.reactor.log({ level: 'error', text: what, label: this.#label, error })
  }
}

type Stage =
  | { readonly is: 'running' | 'ended' }
  | { readonly is: 'exited'; readonly reason: ProcessDone | ProcessTerminated }

/** The `stdio` of `spawn`, up to the highest descriptor that is named. */
function stdioOf(childFDs: Readonly<Record<number, ChildFD>>): ('pipe' | 'ignore' | number)[] {
  const highest = Math.max(STDERR, ...Object.keys(childFDs).map(Number))
  return Array.from({ length: highest + 1 }, (_, childFD) => {
    const use = childFDs[childFD] ?? 'ignore'
    return use === 'r' || use === 'w' ? 'pipe' : use
  })
}

function reasonOf(
  exitCode: number | null,
  signal: NodeJS.Signals | null,
  cause: unknown,
): ProcessDone | ProcessTerminated {
  if (exitCode === 0) return new ProcessDone()
  const options = cause === undefined ? undefined : { cause }
  return new ProcessTerminated(exitCode ?? undefined, signal ?? undefined, options)
}

/** Node's errors for wrong arguments have a `code` too, but no `syscall`. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

/**
 * Checks every argument of `spawnProcess`, before anything is started.
 *
 * @throws {TypeError | RangeError} for the first argument that is of the wrong type or out of range.
 */
export function checkSpawn(
  protocol: ProcessEvents,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): void {
  checkValue('spawnProcess', 'protocol', protocol, PROCESS_PROTOCOL)
  checkValue('spawnProcess', 'command', command, path)
  checkValue('spawnProcess', 'args', args, listOf(argument))
  checkOptions('spawnProcess', options, SPAWN_RULES)
}

const PROCESS_PROTOCOL = instance(
  'a ProcessProtocol',
  'makeConnection',
  'childDataReceived',
  'childConnectionLost',
  'processExited',
  'processEnded',
)

/** Any string without NUL, at which the system would truncate it; it may be empty. */
const argument: OptionRule = (value) => {
  if (typeof value !== 'string') return { kind: 'type', wanted: 'a string' }
  return value.includes('\0') ? { kind: 'range', wanted: 'a string without NUL' } : undefined
}

const variables: OptionRule = (value) => {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? undefined : { kind: 'type', wanted: 'an object: values by name' }
}

const childFD: OptionRule = (value) =>
  value === 'w' || value === 'r' || count()(value) === undefined
    ? undefined
    : { kind: 'type', wanted: "'w', 'r' or the number of a descriptor" }

/** A list of pipes is made up to the highest descriptor, so an absurdly high one would use all memory. */
const childFDs: OptionRule = (value) => {
  const problem = variables(value)
  if (problem !== undefined) return { ...problem, wanted: DESCRIPTORS }
  for (const [name, use] of Object.entries(value as object)) {
    if (!/^\d{1,4}$/.test(name)) return { kind: 'range', wanted: DESCRIPTORS, at: `.${name}`, found: use }
    const wrong = childFD(use)
    if (wrong !== undefined) return { ...wrong, at: `.${name}`, found: use }
  }
  return undefined
}

const DESCRIPTORS = "an object by descriptor, 0 to 9999, such as { 0: 'w', 1: 'r' }"

/** What `spawnProcess` accepts. */
export const SPAWN_RULES: OptionRules<SpawnOptions> = {
  env: variables,
  cwd: filledText,
  uid: count(),
  gid: count(),
  childFDs,
  signal: ABORT_SIGNAL,
  transport: optionsOf(TRANSPORT_RULES),
}

const RUNNING: Stage = { is: 'running' }
const ENDED: Stage = { is: 'ended' }
const STDIN = 0
const STDOUT = 1
const STDERR = 2
const DEFAULT_CHILD_FDS: Readonly<Record<number, ChildFD>> = { 0: 'w', 1: 'r', 2: 'r' }
const UNHURRIED: TransportOptions = { ...DEFAULT_TRANSPORT_OPTIONS, writeStallMs: Infinity }
