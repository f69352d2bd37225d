import {
  byteCount,
  checkOptions,
  checkValue,
  either,
  flag,
  type OptionRule,
  type OptionRules,
  path as pathRule,
} from '@ropewalk/core/options'
import type { Disk, DiskWriteOptions } from './disk.ts'
import type { DiskConditions } from './disk-conditions.ts'
import type { DiskDrive, DiskOperation, DiskUser } from './disk-drive.ts'
import { DiskFile } from './disk-file.ts'
import { normalPath } from './file-names.ts'

/**
 * The disk of a simulated machine. Operations take virtual time. They go on while the program is paused, which gets
 * their results later, and stand still while the machine is frozen.
 *
 * `host.kill()` loses nothing that an operation has written. `host.crash()` is a power failure: changes that no
 * `fsync` has made durable are lost, or survive in part, as the seed draws it and `conditions.order` allows. While no
 * program runs, operations stay pending for ever, as everything of a program that is gone.
 */
export class SimulatedDisk implements Disk {
  readonly #drive: DiskDrive
  readonly #user: () => DiskUser | undefined

  constructor(drive: DiskDrive, user: () => DiskUser | undefined) {
    this.#drive = drive
    this.#user = user
  }

  /**
   * How the disk behaves: what a test has set, with what faults change of it. Conditions that the test does not set
   * are those of the option `disk` of the simulation.
   */
  get conditions(): DiskConditions {
    return this.#drive.layers.conditions.value
  }

  /** @throws {TypeError | RangeError} for an unknown condition, or a value of the wrong type or out of range. */
  set conditions(conditions: Partial<DiskConditions>) {
    this.#drive.setConditions(conditions)
  }

  /** Whether a program has used it. */
  get isUsed(): boolean {
    return this.#drive.isUsed
  }

  /** Whether no file can grow: `write`, `append` and `truncate` reject with ENOSPC. */
  get isFull(): boolean {
    return this.#drive.layers.isFull.value
  }

  set isFull(full: boolean) {
    checkValue('disk', 'isFull', full, flag)
    this.#drive.layers.isFull.set(full)
  }

  /** Whether every `fsync` rejects with EIO. */
  get failsSync(): boolean {
    return this.#drive.layers.failsSync.value
  }

  set failsSync(fails: boolean) {
    checkValue('disk', 'failsSync', fails, flag)
    this.#drive.layers.failsSync.set(fails)
  }

  /** Copies of the files that a program sees now, by path, for a test. It takes no time. */
  get files(): ReadonlyMap<string, Buffer> {
    return new Map(Array.from(this.#drive.names.current, ([path, file]) => [path, file.read()]))
  }

  /**
   * Copies of the files as they are safe from a power failure now, by path, for a test. It takes no time.
   */
  get durableFiles(): ReadonlyMap<string, Buffer> {
    return new Map(Array.from(this.#drive.names.durable, ([path, file]) => [path, file.readDurable()]))
  }

  /** Puts a file on the disk, or another content into it, for a test. It takes no time and is durable. */
  put(path: string, data: Uint8Array | string): void {
    this.#drive.names.put(checkedPath('put', path), new DiskFile(checkedData('put', data)))
  }

  /** Whether a program would find a file at this path now. */
  has(path: string): boolean {
    return this.#drive.names.current.has(normalPath(path))
  }

  async write(path: string, data: Uint8Array | string, options: DiskWriteOptions = {}): Promise<void> {
    checkOptions('disk.write', options, WRITE_RULES)
    return this.#write('write', path, options.at, data)
  }

  async append(path: string, data: Uint8Array | string): Promise<void> {
    return this.#write('append', path, 'end', data)
  }

  async read(path: string): Promise<Buffer> {
    const [drive, checked] = [this.#drive, checkedPath('read', path)]
    const bytes = drive.names.current.get(checked)?.length ?? 0
    return this.#perform(`read ${checked}`, () => drive.names.find(checked, 'open').read(), { bytes })
  }

  async truncate(path: string, length: number): Promise<void> {
    const [drive, checked] = [this.#drive, checkedPath('truncate', path)]
    checkValue('disk.truncate', 'length', length, byteCount())
    return this.#perform(`truncate ${checked} to ${length}`, () => drive.truncate(checked, length))
  }

  async rename(from: string, to: string): Promise<void> {
    const [drive, old, next] = [this.#drive, checkedPath('rename', from), checkedPath('rename', to)]
    return this.#perform(`rename ${old} to ${next}`, () => drive.names.rename(old, next))
  }

  async remove(path: string): Promise<void> {
    const [drive, checked] = [this.#drive, checkedPath('remove', path)]
    return this.#perform(`remove ${checked}`, () => drive.names.remove(checked))
  }

  async list(folder: string): Promise<readonly string[]> {
    const [drive, checked] = [this.#drive, checkedPath('list', folder)]
    return this.#perform(`list ${checked}`, () => drive.names.list(checked))
  }

  async fsync(path: string): Promise<void> {
    return this.#drive.perform(this.#user(), this.#drive.sync(checkedPath('fsync', path)))
  }

  #write(
    what: string,
    path: string,
    at: number | 'end' | undefined,
    data: Uint8Array | string,
  ): Promise<void> {
    const [checked, payload] = [checkedPath(what, path), checkedData(what, data)]
    const happen = (): void => this.#drive.write(checked, at, payload)
    return this.#perform(`${what} ${checked}`, happen, { bytes: payload.length, payload })
  }

  #perform<T>(what: string, happen: () => T, transfer: Transfer = { bytes: 0 }): Promise<T> {
    return this.#drive.perform(this.#user(), { what, isSync: false, happen, ...transfer })
  }
}

type Transfer = Pick<DiskOperation<unknown>, 'bytes' | 'payload'>

function checkedPath(method: string, path: string): string {
  checkValue(`disk.${method}`, 'path', path, pathRule)
  return normalPath(path)
}

/** Returns a copy of the data. */
function checkedData(method: string, data: Uint8Array | string): Buffer {
  checkValue(`disk.${method}`, 'data', data, DATA)
  return Buffer.from(data as string)
}

const DATA: OptionRule = either(
  (value) => (typeof value === 'string' ? undefined : { kind: 'type', wanted: '' }),
  (value) => (value instanceof Uint8Array ? undefined : { kind: 'type', wanted: '' }),
  'a Uint8Array or a string',
)
const WRITE_RULES: OptionRules<DiskWriteOptions> = { at: byteCount() }
