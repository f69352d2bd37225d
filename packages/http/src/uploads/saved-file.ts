import type { FileHandle } from 'node:fs/promises'
import type FS from 'node:fs/promises'
import { join } from 'node:path'
import { LocalProtocolError } from '@ropewalk/core'
import { HTTPError } from '../errors.ts'

/** A file of a form that was written to a directory. It is removed when the request ends, unless it is kept. */
export class SavedFile {
  /** Where it is. Its name there has nothing of the client's. */
  readonly path: string
  /** Its length in bytes. */
  readonly size: number
  /** The client's name for it, as `Part.filename`: to show it, not to open it. */
  readonly filename: string
  /** The media type that the client states. */
  readonly type: string
  #removing: Promise<void> | undefined
  #kept = false

  /** `Part.saveTo` calls this. */
  constructor(path: string, size: number, { filename = '', type }: Uploaded) {
    this.path = path
    this.size = size
    this.filename = filename
    this.type = type
  }

  /**
   * Keeps the file: from now on it belongs to the program, which may rename it.
   *
   * @returns its path.
   * @throws {LocalProtocolError} when it was removed before: the request has ended.
   */
  keep(): string {
    if (this.#removing !== undefined)
      throw new LocalProtocolError('Cannot keep an uploaded file: it was removed when its request ended')
    this.#kept = true
    return this.path
  }

  /** Removes the file unless it was kept. It may be gone already. Rejects with the system's error. */
  remove(): Promise<void> {
    if (this.#kept) return Promise.resolve()
    this.#removing ??= removeFile(this.path)
    return this.#removing
  }
}

/** What the client states about a file. */
export interface Uploaded {
  readonly filename: string | undefined
  readonly type: string
}

/**
 * Writes pieces to a new file, which only its owner can read and write. Each piece is written before the next one is
 * read.
 *
 * @param name A name that no file in the directory has.
 * @returns the file. If it cannot be written, or the pieces break off, it is removed.
 * @throws {HTTPError} 503 (rejects) when the process has no descriptor left, 507 when the disk is full.
 * @throws what opening or writing the file, or reading the pieces, throws (rejects).
 */
export async function saveFile(
  pieces: AsyncIterable<Uint8Array>,
  directory: string,
  name: string,
  uploaded: Uploaded,
): Promise<SavedFile> {
  const path = join(directory, name)
  // wx: an existing file, or a link at its place, is an error.
  const file = await nodeFS().open(path, 'wx', OWNER_ONLY).catch(refuseExhausted)
  try {
    const size = await writeAll(file, pieces)
    await file.close()
    return new SavedFile(path, size, uploaded)
  } catch (error) {
    await file.close().catch(() => undefined)
    await removeFile(path).catch(() => undefined)
    return refuseExhausted(error)
  }
}

async function writeAll(file: FileHandle, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const piece of pieces) {
    await file.writeFile(piece)
    size += piece.length
  }
  return size
}

/** Returns Node's file system. It is loaded at the first call, because most programs take no uploads. */
function nodeFS(): typeof FS {
  // oxlint-disable-next-line no-restricted-globals -- an import, not the state of the process
  return process.getBuiltinModule('node:fs').promises
}

async function removeFile(path: string): Promise<void> {
  try {
    await nodeFS().unlink(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

/** @throws {HTTPError} when the server has nothing left to write with; any other error as it is. */
function refuseExhausted(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const status = EXHAUSTED.get(String(code))
  if (status === undefined) throw error
  const headers = status === 503 ? ([['Retry-After', '1']] as const) : []
  throw new HTTPError(status, undefined, { headers, cause: error })
}

const OWNER_ONLY = 0o600
/** RFC 9110 §15.6.4, RFC 4918 §11.5. */
const EXHAUSTED: ReadonlyMap<string, number> = new Map([
  ['EMFILE', 503],
  ['ENFILE', 503],
  ['ENOSPC', 507],
  ['EDQUOT', 507],
])
