import { withDefaults } from '@ropewalk/core/options'
import { Layered } from '../layered.ts'
import type { Random } from '../random.ts'
import type { MachineTime } from '../time/machine-time.ts'
import { shownPayload, type Trace } from '../trace.ts'
import { DISK_RULES, type DiskConditions } from './disk-conditions.ts'
import { diskError } from './disk-error.ts'
import { DiskFile } from './disk-file.ts'
import { type Change, lengthAfter } from './file-content.ts'
import { FileNames } from './file-names.ts'

/** The constructor arguments of `DiskDrive`. */
export interface DriveSetup {
  /** The name of the machine. */
  readonly host: string
  readonly random: Random
  readonly trace: Trace
  readonly conditions: DiskConditions
}

/** The run of a program that uses a disk. */
export interface DiskUser {
  /** The time of the machine. It stops while the machine is frozen. */
  readonly time: MachineTime
  /** Calls the program, after a pause if it is paused. No effect when the run is over. */
  execute(call: () => unknown): void
}

/** An operation on a disk. */
export interface DiskOperation<T> {
  /** Such as `write /log`, for the trace. */
  readonly what: string
  /** How many bytes it transfers. */
  readonly bytes: number
  readonly isSync: boolean
  readonly payload?: Uint8Array
  /** What happens when its time has passed. @throws {Error} an error of the disk. */
  happen(): T
}

/** What a test sets of a disk, with what faults lay over it. */
export interface DriveLayers {
  readonly conditions: Layered<DiskConditions>
  readonly isFull: Layered<boolean>
  readonly failsSync: Layered<boolean>
}

/** The disk of a machine: its files, how long operations take, and what a power failure does. */
export class DiskDrive {
  readonly layers: DriveLayers
  readonly names: FileNames = new FileNames()
  /** Whether a program has used it. */
  isUsed = false
  readonly #setup: DriveSetup
  /** The operations that have begun and not happened yet. */
  readonly #underWay = new Set<DiskOperation<unknown>>()
  /** When the transfers that have begun are over, in the time of the machine. */
  #freeAtMs = 0

  constructor(setup: DriveSetup) {
    this.#setup = setup
    this.layers = {
      conditions: new Layered(setup.conditions),
      isFull: new Layered(false),
      failsSync: new Layered(false),
    }
  }

  /** Sets conditions. The others are those of the simulation. */
  setConditions(conditions: Partial<DiskConditions>): void {
    this.layers.conditions.set(
      withDefaults('disk.conditions', this.#setup.conditions, conditions, DISK_RULES),
    )
  }

  /** Performs an operation. The promise stays pending when the run of the program ends. */
  perform<T>(user: DiskUser | undefined, operation: DiskOperation<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (user === undefined) return
      this.isUsed = true
      this.#underWay.add(operation)
      user.time.after(this.#duration(operation, user.time.now()), () => {
        if (!this.#underWay.delete(operation)) return
        try {
          const result = operation.happen()
          this.#note(operation, '')
          user.execute(() => resolve(result))
        } catch (error) {
          this.#note(operation, ` fails: ${(error as NodeJS.ErrnoException).code}`)
          user.execute(() => reject(error))
        }
      })
    })
  }

  /**
   * Writes data at a place; without one, empties the file first.
   *
   * @throws {Error} ENOSPC when a part was not written.
   */
  write(path: string, at: number | 'end' | undefined, data: Uint8Array): void {
    const file = this.#fileToWrite(path)
    if (at === undefined && file.length > 0) file.change({ type: 'truncate', length: 0 })
    const from = at === 'end' ? file.length : (at ?? 0)
    const fitting = data.subarray(0, Math.max(0, file.length + this.#freeBytes() - from))
    if (fitting.length > 0) file.change({ type: 'write', at: from, data: fitting })
    if (fitting.length < data.length) throw diskError('ENOSPC', 'write', path)
  }

  /** Sets the length of a file. @throws {Error} ENOENT or ENOSPC. */
  truncate(path: string, length: number): void {
    const file = this.names.find(path, 'truncate')
    const change: Change = { type: 'truncate', length }
    if (lengthAfter(file.length, change) - file.length > this.#freeBytes())
      throw diskError('ENOSPC', 'truncate', path)
    if (length !== file.length) file.change(change)
  }

  /** The `fsync` of a file or folder as it is now. */
  sync(path: string): DiskOperation<void> {
    const { names } = this
    const [isFolder, nameChanges] = [names.isFolder(path), names.changes]
    const file = names.current.get(path)
    const fileChanges = file?.changes ?? 0
    const happen = (): void => {
      const { order } = this.layers.conditions.value
      if (file === undefined && !isFolder) throw diskError('ENOENT', 'fsync', path)
      if (this.layers.failsSync.value) {
        file?.failToCommit(fileChanges, this.#setup.random, order)
        throw diskError('EIO', 'fsync', path)
      }
      file?.commit(fileChanges)
      if (order === 'ordered') names.commit(nameChanges, undefined)
      else if (isFolder) names.commit(nameChanges, path)
    }
    return { what: `fsync ${path}`, bytes: file?.unsyncedBytes ?? 0, isSync: true, happen }
  }

  /** The end of a program: its operations under way happen now, because a process ends after them. */
  programEnds(): void {
    const underWay = [...this.#underWay]
    this.#underWay.clear()
    for (const operation of underWay) {
      attempt(operation)
      this.#note(operation, '')
    }
  }

  /** A power failure: what was not synced is lost, or survives in part. */
  losePower(): void {
    const { random } = this.#setup
    this.#freeAtMs = 0
    for (const operation of this.#underWay) if (random.chance(0.5)) attempt(operation)
    this.#underWay.clear()
    if (this.#isSynced) return
    const before = new Map(Array.from(this.names.current, ([path, file]) => [path, file.read()]))
    const { order } = this.layers.conditions.value
    this.names.losePower(random, order)
    for (const file of new Set(this.names.current.values())) file.losePower(random, order)
    this.#noteLosses(before)
  }

  get #isSynced(): boolean {
    return this.names.areSynced && Array.from(this.names.current.values()).every(({ isSynced }) => isSynced)
  }

  #fileToWrite(path: string): DiskFile {
    const existing = this.names.current.get(path)
    if (existing !== undefined) return existing
    const file = new DiskFile()
    this.names.create(path, file, 'open')
    return file
  }

  #freeBytes(): number {
    if (this.layers.isFull.value) return 0
    const { capacityBytes } = this.layers.conditions.value
    if (capacityBytes === Infinity) return Infinity
    const used = Array.from(this.names.current.values()).reduce((sum, { length }) => sum + length, 0)
    return Math.max(0, capacityBytes - used)
  }

  #duration({ bytes, isSync }: DiskOperation<unknown>, nowMs: number): number {
    const { latencyMs, syncMs, bytesPerSecond } = this.layers.conditions.value
    const [least, most] = isSync ? syncMs : latencyMs
    const readyMs = nowMs + least + this.#setup.random.unit() * (most - least)
    const endsMs = Math.max(readyMs, bytes === 0 ? 0 : this.#freeAtMs) + (bytes / bytesPerSecond) * 1000
    if (bytes > 0) this.#freeAtMs = endsMs
    return endsMs - nowMs
  }

  #note({ what, payload }: DiskOperation<unknown>, outcome: string): void {
    const { host, trace } = this.#setup
    const written = payload === undefined ? '' : ` ${shownPayload(payload)}`
    trace.note(host, `disk: ${what}${written}${outcome}`)
  }

  /** Notes which files are not as the program has seen them. */
  #noteLosses(before: ReadonlyMap<string, Buffer>): void {
    const { host, trace } = this.#setup
    const { current } = this.names
    for (const [path, was] of before) {
      const now = current.get(path)?.read()
      if (now === undefined) trace.note(host, `disk: ${path} is lost`)
      else if (!now.equals(was))
        trace.note(host, `disk: ${path} has ${now.length} bytes, other than its ${was.length} before`)
    }
    for (const path of current.keys()) if (!before.has(path)) trace.note(host, `disk: ${path} is there again`)
  }
}

/** What had begun may have happened, wholly or with an error that no program sees. */
function attempt(operation: DiskOperation<unknown>): void {
  try {
    operation.happen()
  } catch {
    // The program is gone.
  }
}
