import type { Random } from '../random.ts'
import type { DiskOrder } from './disk-conditions.ts'
import { diskError } from './disk-error.ts'
import type { DiskFile } from './disk-file.ts'

/** The names of the files: as programs see them, and as they are on the disk. */
export class FileNames {
  readonly #current = new Map<string, DiskFile>()
  readonly #durable = new Map<string, DiskFile>()
  /** The changes that are not on the disk, in their order. */
  #unsynced: NameChange[] = []
  #changes = 0
  /** Every folder that has ever had a file. */
  readonly #folders = new Set<string>(['/'])

  /** The files that programs see, by path. */
  get current(): ReadonlyMap<string, DiskFile> {
    return this.#current
  }

  /** The files that are safe from a power failure, by path. */
  get durable(): ReadonlyMap<string, DiskFile> {
    return this.#durable
  }

  /** How many changes there have been: what `commit` takes. */
  get changes(): number {
    return this.#changes
  }

  get areSynced(): boolean {
    return this.#unsynced.length === 0
  }

  /** @throws {Error} ENOENT, EISDIR or ENOTDIR when it is not the path of a file. */
  find(path: string, syscall: string): DiskFile {
    const file = this.#current.get(path)
    if (file !== undefined) return file
    this.#checkPath(path, syscall)
    throw diskError('ENOENT', syscall, path)
  }

  /** Whether the path is that of a folder. */
  isFolder(path: string): boolean {
    return this.#folders.has(path)
  }

  /** @throws {Error} EISDIR or ENOTDIR when a file cannot have this path. */
  create(path: string, file: DiskFile, syscall: string): void {
    this.#checkPath(path, syscall)
    this.#change({ type: 'create', to: path, file })
  }

  /** Renames the file at `from`. @throws {Error} when there is no file, or `to` cannot be the path of one. */
  rename(from: string, to: string): void {
    const file = this.find(from, 'rename')
    this.#checkPath(to, 'rename')
    if (from !== to) this.#change({ type: 'rename', from, to, file })
  }

  /** @throws {Error} ENOENT, EISDIR or ENOTDIR when it is not the path of a file. */
  remove(path: string): void {
    this.#change({ type: 'remove', to: path, file: this.find(path, 'unlink') })
  }

  /** Puts a file that is durable at once in the place of another one. */
  put(path: string, file: DiskFile): void {
    this.#checkPath(path, 'put')
    this.#makeFolders(path)
    this.#unsynced = this.#unsynced.filter(({ to }) => to !== path)
    this.#current.set(path, file)
    this.#durable.set(path, file)
  }

  /** The names in a folder, sorted. @throws {Error} ENOENT or ENOTDIR when it is not the path of one. */
  list(folder: string): readonly string[] {
    if (this.#current.has(folder)) throw diskError('ENOTDIR', 'scandir', folder)
    if (!this.#folders.has(folder)) throw diskError('ENOENT', 'scandir', folder)
    const isInside = (path: string): boolean => path !== '/' && folderOf(path) === folder
    return [...this.#current.keys(), ...this.#folders]
      .filter(isInside)
      .map((path) => path.slice(path.lastIndexOf('/') + 1))
      .toSorted()
  }

  /** Makes the first `changes` changes durable; with `folder`, only those of names in it. */
  commit(changes: number, folder: string | undefined): void {
    const isCommitted = ({ place, to }: NameChange): boolean =>
      place <= changes && (folder === undefined || folderOf(to) === folder)
    for (const change of this.#unsynced) if (isCommitted(change)) apply(this.#durable, change)
    this.#unsynced = this.#unsynced.filter((change) => !isCommitted(change))
  }

  /** A power failure: what programs see is what the disk has. */
  losePower(random: Random, order: DiskOrder): void {
    for (const change of surviving(this.#unsynced, random, order)) apply(this.#durable, change)
    this.#unsynced = []
    this.#current.clear()
    for (const [path, file] of this.#durable) this.#current.set(path, file)
  }

  #change(change: DistributiveOmit<NameChange, 'place'>): void {
    const placed: NameChange = { ...change, place: ++this.#changes }
    this.#makeFolders(change.to)
    apply(this.#current, placed)
    this.#unsynced.push(placed)
  }

  #makeFolders(path: string): void {
    for (const folder of foldersOf(path)) this.#folders.add(folder)
  }

  #checkPath(path: string, syscall: string): void {
    if (this.#folders.has(path)) throw diskError('EISDIR', syscall, path)
    if (foldersOf(path).some((folder) => this.#current.has(folder))) throw diskError('ENOTDIR', syscall, path)
  }
}

/** A change of a name. `to` is the name that changes; that of a rename has a second one. */
type NameChange =
  | {
      readonly type: 'create' | 'remove'
      readonly place: number
      readonly to: string
      readonly file: DiskFile
    }
  | {
      readonly type: 'rename'
      readonly place: number
      readonly from: string
      readonly to: string
      readonly file: DiskFile
    }

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Makes a change, of which others before it may be missing. */
function apply(names: Map<string, DiskFile>, change: NameChange): void {
  const gone = change.type === 'rename' ? change.from : change.to
  if (change.type !== 'create' && names.get(gone) === change.file) names.delete(gone)
  if (change.type !== 'remove') names.set(change.to, change.file)
}

function surviving(changes: readonly NameChange[], random: Random, order: DiskOrder): readonly NameChange[] {
  if (changes.length === 0) return changes
  const luck = random.pick(LUCK)
  if (luck !== 'some') return luck === 'all' ? changes : []
  if (order === 'hostile') return changes.filter(() => random.chance(0.5))
  return changes.slice(0, random.between(0, changes.length))
}

/** The path from the root, without empty parts, `.` and `..`. */
export function normalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** The folder that a file is in. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}

/** The folders on the way to a file, without the root. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`)
}

const LUCK = ['none', 'some', 'all'] as const
