import type { FileFacts, FileSystem, OpenFile } from '../../src/static/file-system.ts'

/** What is at a path. */
type Entry =
  | { kind: 'file'; inode: number; content: Buffer; modifiedMs: number; changedMs: number }
  | { kind: 'directory' | 'other'; inode: number; modifiedMs: number }
  | { kind: 'link'; to: string }

/** A call that a test lets fail or wait. */
type Call = 'open' | 'realpath' | 'stat' | 'read' | 'readdir' | 'close'

/** Files in memory, in which a test plays faults. Directories are made as they are needed. */
export class FakeFiles implements FileSystem {
  readonly separator = '/'
  /** The paths that were opened, in order. */
  readonly opened: string[] = []
  /** Files that are open now. */
  openCount = 0
  /** The most bytes that one call read. */
  mostRead = 0
  /** Bytes that were read. */
  totalRead = 0
  /** Is called before each read. */
  beforeRead: () => unknown = () => undefined
  readonly #entries = new Map<string, Entry>([
    ['/', { kind: 'directory', inode: 1, modifiedMs: MODIFIED_MS }],
  ])
  #inodes = 1
  readonly #faults = new Map<Call, string[]>()

  constructor(files: Readonly<Record<string, string | Buffer>> = {}) {
    for (const [path, content] of Object.entries(files)) this.put(path, content)
  }

  /** Makes or replaces a file. */
  put(
    path: string,
    content: string | Buffer,
    modifiedMs: number = MODIFIED_MS,
    changedMs: number = modifiedMs,
  ): void {
    const inode = ++this.#inodes
    this.#set(path, { kind: 'file', inode, content: Buffer.from(content), modifiedMs, changedMs })
  }

  /** Makes a FIFO, a device or a socket. */
  putOther(path: string): void {
    this.#set(path, { kind: 'other', inode: ++this.#inodes, modifiedMs: MODIFIED_MS })
  }

  /** Makes a symbolic link to an absolute path. */
  link(path: string, to: string): void {
    this.#set(path, { kind: 'link', to })
  }

  /** Makes an empty directory. */
  mkdir(path: string): void {
    this.#set(path, { kind: 'directory', inode: ++this.#inodes, modifiedMs: MODIFIED_MS })
  }

  /** Changes the content of a file that may be open. */
  change(path: string, content: string | Buffer): void {
    const entry = this.#entries.get(path)
    if (entry?.kind !== 'file') throw new Error(`Cannot change ${path}: it is not a file`)
    entry.content = Buffer.from(content)
    entry.changedMs++
  }

  remove(path: string): void {
    this.#entries.delete(path)
  }

  /** Moves an entry, with everything below it. */
  move(from: string, to: string): void {
    for (const [path, entry] of Array.from(this.#entries)) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.#entries.delete(path)
      this.#set(to + path.slice(from.length), entry)
    }
  }

  /** Lets the next calls fail, each with one code; an empty code lets a call succeed. */
  fail(call: Call, ...codes: readonly string[]): void {
    this.#faults.set(call, [...codes])
  }

  async open(path: string): Promise<OpenFile> {
    this.#play('open')
    const real = this.#resolve(path)
    this.opened.push(path)
    this.openCount++
    return this.#opened(real)
  }

  async realpath(path: string): Promise<string> {
    this.#play('realpath')
    return this.#resolve(path)
  }

  async stat(path: string): Promise<FileFacts> {
    this.#play('stat')
    return factsOf(this.#entry(this.#resolve(path)))
  }

  #opened(real: string): OpenFile {
    const entry = this.#entry(real)
    let isOpen = true
    const requireOpen = (): void => {
      if (!isOpen) throw new Error(`Cannot use ${real}: it is closed`)
    }
    return {
      stat: async () => {
        requireOpen()
        this.#play('stat')
        return factsOf(entry)
      },
      realpath: async () => {
        requireOpen()
        this.#play('realpath')
        return real
      },
      read: async (into, position) => {
        requireOpen()
        await this.beforeRead()
        requireOpen()
        this.#play('read')
        if (entry.kind !== 'file') throw fault('EISDIR', real)
        this.mostRead = Math.max(this.mostRead, into.length)
        const read = entry.content.copy(into, 0, position, position + into.length)
        this.totalRead += read
        return read
      },
      readdir: async (most) => {
        requireOpen()
        this.#play('readdir')
        return this.#namesIn(real).slice(0, most)
      },
      close: async () => {
        requireOpen()
        isOpen = false
        this.openCount--
        this.#play('close')
      },
    }
  }

  #namesIn(directory: string): string[] {
    const prefix = directory === '/' ? '/' : `${directory}/`
    return Array.from(this.#entries.keys())
      .filter((path) => path.startsWith(prefix) && path !== '/' && !path.slice(prefix.length).includes('/'))
      .map((path) => path.slice(prefix.length))
  }

  #set(path: string, entry: Entry): void {
    for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
      const parent = path.slice(0, at)
      if (!this.#entries.has(parent)) this.mkdir(parent)
    }
    this.#entries.set(path, entry)
  }

  /** Follows links, segment by segment. */
  #resolve(path: string, depth = 0): string {
    if (depth > 8) throw fault('ELOOP', path)
    const isDirectory = path.endsWith('/')
    let real = ''
    const segments = path.split('/').filter((segment) => segment !== '')
    for (const [at, segment] of segments.entries()) {
      real += `/${segment}`
      const entry = this.#entries.get(real)
      if (entry === undefined) throw fault('ENOENT', path)
      if (entry.kind === 'link') {
        return this.#resolve([entry.to, ...segments.slice(at + 1)].join('/'), depth + 1)
      }
      const last = at === segments.length - 1
      if (entry.kind !== 'directory' && (!last || isDirectory)) throw fault('ENOTDIR', path)
    }
    return real || '/'
  }

  #entry(real: string): Entry {
    const entry = this.#entries.get(real)
    if (entry === undefined) throw fault('ENOENT', real)
    return entry
  }

  #play(call: Call): void {
    const code = this.#faults.get(call)?.shift()
    if (code !== undefined && code !== '') throw fault(code, call)
  }
}

function factsOf(entry: Entry): FileFacts {
  if (entry.kind === 'link') throw new Error('Cannot be a link')
  const { kind, inode, modifiedMs } = entry
  if (kind !== 'file') return { kind, bytes: 0, modifiedMs, changedMs: modifiedMs, inode, device: 1 }
  return { kind, bytes: entry.content.length, modifiedMs, changedMs: entry.changedMs, inode, device: 1 }
}

function fault(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}

/** When the files were changed: Thu, 01 Jan 1970 00:16:40 GMT. The clock of a `MemoryReactor` begins later. */
export const MODIFIED_MS = 1_000_000
