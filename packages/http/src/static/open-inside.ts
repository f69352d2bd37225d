import { HTTPError } from '../errors.ts'
import { FileCache } from './file-cache.ts'
import type { FileFacts, FileSystem, OpenFile } from './file-system.ts'

/** A file or directory that was opened inside a root. The caller closes it. */
export interface FoundFile {
  readonly file: OpenFile
  readonly facts: FileFacts
}

/** The file or directory below which files are served. What leads out of it, by a symbolic link, is not found. */
export class ServedRoot {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #cache: FileCache
  /** Where the root was found last: it may be a link that is changed while the server runs. */
  #real: string | undefined

  /** @param cacheBytes Most bytes of small files that are kept in memory. */
  constructor(fileSystem: FileSystem, path: string, cacheBytes: number) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#cache = new FileCache(fileSystem, cacheBytes)
  }

  /**
   * Opens the file or directory at a path.
   *
   * The file is opened first, and what was opened is checked: a path that changes meanwhile makes no difference.
   *
   * @param nowMs Milliseconds since 1970.
   * @returns undefined when there is no such file or directory inside the root.
   * @throws {HTTPError} (rejects) 403 when the process may not read it, 503 when it has no descriptor left.
   */
  async open(path: string, nowMs: number): Promise<FoundFile | undefined> {
    let file: OpenFile | undefined
    try {
      file = await this.#cache.open(path, nowMs)
      const [facts, real] = await Promise.all([file.stat(), file.realpath()])
      if (facts.kind !== 'other' && (await this.contains(real))) {
        const found = { file, facts }
        file = undefined
        return found
      }
    } catch (error) {
      refuse(error)
    } finally {
      await file?.close()
    }
    return undefined
  }

  /** Whether the root does not exist. */
  async isMissing(): Promise<boolean> {
    return this.#fileSystem.realpath(this.#path).then(
      () => false,
      (error: unknown) => MISSING.has(codeOf(error)),
    )
  }

  /** Whether a path without symbolic links is the root, or is below it. */
  async contains(real: string): Promise<boolean> {
    if (this.#real !== undefined && this.#isBelow(real, this.#real)) return true
    this.#real = await this.#fileSystem.realpath(this.#path)
    return this.#isBelow(real, this.#real)
  }

  #isBelow(path: string, root: string): boolean {
    const { separator } = this.#fileSystem
    return path === root || path.startsWith(root.endsWith(separator) ? root : root + separator)
  }
}

/** Whether an error means that the process may not read a file. */
export function isForbidden(error: unknown): boolean {
  return FORBIDDEN.has(codeOf(error))
}

/**
 * Returns for an error that means that there is no such file.
 *
 * @throws {HTTPError} 403 or 503, as `ServedRoot.open` does.
 * @throws {unknown} any other error: it is a fault of the system, such as EIO.
 */
export function refuse(error: unknown): void {
  const code = codeOf(error)
  if (MISSING.has(code)) return
  if (FORBIDDEN.has(code)) throw HTTPError.withoutStack(403, undefined, { cause: error })
  if (EXHAUSTED.has(code)) {
    throw HTTPError.withoutStack(503, undefined, { headers: [['Retry-After', '1']], cause: error })
  }
  throw error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** ENXIO: a socket, or a device that is not there. ENAMETOOLONG and ELOOP: no file can have this path. */
const MISSING: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'ENXIO',
  'ENODEV',
])
const FORBIDDEN: ReadonlySet<string> = new Set(['EACCES', 'EPERM'])
const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])
