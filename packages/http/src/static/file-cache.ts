import type { FileFacts, FileSystem, OpenFile } from './file-system.ts'

/**
 * Opens files, and keeps the content of small ones that were read whole, up to a number of bytes. The next request for
 * such a path costs two calls of the system in place of five.
 *
 * A file that is kept is used only if the path leads to the same file at the same place, whose size and times are the same. It is kept
 * only if its last change was a while ago: a later change then shows in its times.
 */
export class FileCache {
  readonly #fileSystem: FileSystem
  readonly #maxBytes: number
  /** By path, the one that was used last at the end. */
  readonly #kept = new Map<string, KeptFile>()
  #bytes = 0

  constructor(fileSystem: FileSystem, maxBytes: number) {
    this.#fileSystem = fileSystem
    this.#maxBytes = maxBytes
  }

  /**
   * Opens a file or directory, as `FileSystem.open` does.
   *
   * @param nowMs Milliseconds since 1970.
   */
  async open(path: string, nowMs: number): Promise<OpenFile> {
    const kept = this.#kept.get(path)
    if (kept !== undefined) {
      if (await this.#isThere(path, kept)) {
        this.#touch(path, kept)
        return new FileInMemory(kept)
      }
      this.#drop(path, kept)
    }
    const file = await this.#fileSystem.open(path)
    return new WatchedFile(file, (read) => {
      const { bytes, changedMs } = read.facts
      if (bytes > MOST_FILE_BYTES || nowMs - changedMs < SETTLED_MS) return
      // A copy of its own size: a part of a pool would keep the whole pool.
      const content = Buffer.allocUnsafeSlow(bytes)
      content.set(read.content)
      this.#keep(path, { ...read, content })
    })
  }

  /** Whether the path leads to the same file, at the same place: it may have been moved out of the root. */
  async #isThere(path: string, kept: KeptFile): Promise<boolean> {
    try {
      const [facts, real] = await Promise.all([this.#fileSystem.stat(path), this.#fileSystem.realpath(path)])
      return real === kept.real && isSame(facts, kept.facts)
    } catch (error) {
      this.#drop(path, kept)
      throw error
    }
  }

  /** Puts a file at the end of those that are dropped, unless another request has dropped it meanwhile. */
  #touch(path: string, kept: KeptFile): void {
    if (this.#kept.get(path) !== kept) return
    this.#kept.delete(path)
    this.#kept.set(path, kept)
  }

  #keep(path: string, kept: KeptFile): void {
    const before = this.#kept.get(path)
    if (before !== undefined) this.#drop(path, before)
    this.#kept.set(path, kept)
    this.#bytes += sizeOf(path, kept)
    for (const [oldest, file] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) return
      this.#drop(oldest, file)
    }
  }

  #drop(path: string, kept: KeptFile): void {
    if (this.#kept.get(path) !== kept) return
    this.#kept.delete(path)
    this.#bytes -= sizeOf(path, kept)
  }
}

/** A file that was read whole. */
interface KeptFile {
  readonly facts: FileFacts
  readonly real: string
  readonly content: Uint8Array
}

class FileInMemory implements OpenFile {
  readonly #kept: KeptFile

  constructor(kept: KeptFile) {
    this.#kept = kept
  }

  stat(): Promise<FileFacts> {
    return Promise.resolve(this.#kept.facts)
  }

  realpath(): Promise<string> {
    return Promise.resolve(this.#kept.real)
  }

  read(into: Uint8Array, position: number): Promise<number> {
    const bytes = this.#kept.content.subarray(position, position + into.length)
    into.set(bytes)
    return Promise.resolve(bytes.length)
  }

  readdir(): Promise<readonly string[]> {
    return Promise.resolve([])
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** An open file that notices when it is read whole with one call. */
class WatchedFile implements OpenFile {
  readonly #file: OpenFile
  readonly #wasRead: (read: KeptFile) => void
  #facts: FileFacts | undefined
  #real: string | undefined

  constructor(file: OpenFile, wasRead: (read: KeptFile) => void) {
    this.#file = file
    this.#wasRead = wasRead
  }

  async stat(): Promise<FileFacts> {
    this.#facts = await this.#file.stat()
    return this.#facts
  }

  async realpath(): Promise<string> {
    this.#real = await this.#file.realpath()
    return this.#real
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const read = await this.#file.read(into, position)
    const [facts, real] = [this.#facts, this.#real]
    if (position === 0 && read === into.length && read === facts?.bytes && real !== undefined) {
      this.#wasRead({ facts, real, content: into })
    }
    return read
  }

  readdir(most: number): Promise<readonly string[]> {
    return this.#file.readdir(most)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

function isSame(one: FileFacts, other: FileFacts): boolean {
  return (
    one.inode === other.inode &&
    one.device === other.device &&
    one.bytes === other.bytes &&
    one.modifiedMs === other.modifiedMs &&
    one.changedMs === other.changedMs
  )
}

/** About what an entry uses. */
function sizeOf(path: string, { content, real }: KeptFile): number {
  return content.length + 2 * (path.length + real.length) + ENTRY_BYTES
}

/** The largest file that is kept. */
const MOST_FILE_BYTES = 65_536
/** The clocks of file systems have steps of up to 2 s. A file that was changed before may change again unnoticed. */
const SETTLED_MS = 2_000
const ENTRY_BYTES = 512
