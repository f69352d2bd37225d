import { checkValue, type GivenOptions, path as pathRule, withDefaults } from '@ropewalk/core/options'
import { addVary, preferredCoding } from '../message/negotiation.ts'
import type { ByteRange } from '../message/ranges.ts'
import { sendRanges } from '../response/range-response.ts'
import type { Request } from '../server/request.ts'
import { NOT_DONE_YET, type RenderResult, type Rendered } from '../site/render-result.ts'
import { Resource } from '../site/resource.ts'
import { readListing } from './directory-listing.ts'
import { isServable } from './file-names.ts'
import {
  DEFAULT_FILE_OPTIONS,
  FILE_OPTION_RULES,
  type FileOptions,
  type Precompressed,
  PRECOMPRESSED_EXTENSION,
} from './file-options.ts'
import { readPieces } from './file-pieces.ts'
import type { FileFacts } from './file-system.ts'
import { extensionOf, mediaTypeOf, withCharset } from './media-type.ts'
import { listingPage } from './listing-page.ts'
import { type FoundFile, refuse, ServedRoot } from './open-inside.ts'
import { redirectTo } from './redirect.ts'

/**
 * Serves a file, or the files below a directory, to GET and HEAD.
 *
 *     const site = new Site(new File('public', { directoryListing: true }))
 *
 * A path that leads out of the directory, by its segments or by a symbolic link, is not found; nor is a name that begins
 * with a dot, a device, a FIFO or a socket. A file that the process may not read is a 403. A file is sent as it is when
 * it is read: one that becomes shorter meanwhile aborts the connection.
 *
 * `putChild` adds resources beside the files of the directory, and before them.
 */
export class File extends Resource {
  /** The file or directory that it serves. */
  readonly path: string
  readonly #base: string
  readonly #options: FileOptions
  readonly #root: ServedRoot
  /** Whether the root was looked for, to log when it is missing. */
  #looked = false

  /**
   * @param path A file or directory. A relative path counts from the working directory. It need not exist yet: the
   *   first request that finds nothing logs a warning then.
   * @throws {TypeError | RangeError} for a path that is empty or has a NUL, or an option that is wrong.
   */
  constructor(path: string, options?: GivenOptions<FileOptions>) {
    super()
    checkValue('File', 'path', path, pathRule)
    this.#options = withDefaults('File', DEFAULT_FILE_OPTIONS, options, FILE_OPTION_RULES)
    this.path = path
    this.#base = path.replace(/\/+$/, '')
    this.#root = new ServedRoot(this.#options.fileSystem, path, this.#options.cacheBytes)
  }

  /** Returns a resource for the file that the rest of a request's path leads to, or `childNotFound`. */
  override getChild(segment: string, request: Request): Resource {
    const segments = [segment, ...request.postpath]
    if (!isServable(segments, this.#options.dotfiles)) return this.#options.childNotFound
    return new Below((asking) => this.#serve(`/${segments.join('/')}`, asking))
  }

  /** Responds when a path ends at this resource: with the file, or with a redirect to the directory. */
  override render_GET(request: Request): RenderResult {
    return this.#serve('', request)
  }

  /** @param below The decoded path below this resource: '', `/`, `/sub/a.txt`. */
  async #serve(below: string, request: Request): Promise<Rendered> {
    if (below.endsWith('/')) return this.#serveDirectory(below, request)
    const { name, found } = await this.#find(below, request)
    if (found === undefined) return this.#notFound(request)
    try {
      if (found.facts.kind === 'directory') return redirectTo(withSlash(request), request)
      return await this.#serveFile(name, found, request)
    } finally {
      await found.file.close()
    }
  }

  async #serveDirectory(below: string, request: Request): Promise<Rendered> {
    for (const index of this.#options.indexNames) {
      const found = await this.#open(below + index, request)
      if (found === undefined) continue
      try {
        if (found.facts.kind === 'file') return await this.#serveFile(below + index, found, request)
      } finally {
        await found.file.close()
      }
    }
    return (await this.#list(below, request)) ?? (await this.#notFound(request))
  }

  #open(below: string, request: Request): Promise<FoundFile | undefined> {
    return this.#root.open(this.#base + below || '/', request.reactor.wallClock())
  }

  /** Opens the file at a path, or with one of `ignoredExts`. */
  async #find(
    below: string,
    request: Request,
  ): Promise<{ readonly name: string; readonly found: FoundFile | undefined }> {
    for (const extension of ['', ...(below === '' ? [] : this.#options.ignoredExts)]) {
      const name = below + extension
      const found = await this.#open(name, request)
      if (found !== undefined) return { name, found }
    }
    return { name: below, found: undefined }
  }

  /** Sends a file, or its compressed copy. */
  async #serveFile(below: string, plain: FoundFile, request: Request): Promise<Rendered> {
    const { precompressed } = this.#options
    const { name, coding } = this.#codingOf(below)
    if (coding !== undefined || precompressed.length === 0)
      return this.#send(below, name, coding, plain, request)
    addVary(request.responseHeaders, 'Accept-Encoding')
    let others: readonly (Precompressed | 'identity')[] = [...precompressed, 'identity']
    for (;;) {
      const one = preferredCoding(request.requestHeaders, others)
      if (one === undefined || one === 'identity') break
      others = others.filter((other) => other !== one)
      const copy = await this.#open(below + PRECOMPRESSED_EXTENSION[one], request)
      if (copy === undefined) continue
      try {
        if (isCopyOf(plain.facts, copy.facts)) return await this.#send(below, name, one, copy, request)
      } finally {
        await copy.file.close()
      }
    }
    return this.#send(below, name, undefined, plain, request)
  }

  /** Returns the content coding that a file's name states, and the name without its extension. */
  #codingOf(below: string): { readonly name: string; readonly coding: string | undefined } {
    const { contentEncodings } = this.#options
    const name = lastSegment(below === '' ? this.#base : below)
    const extension = extensionOf(name)
    if (!Object.hasOwn(contentEncodings, extension)) return { name, coding: undefined }
    return { name: name.slice(0, -extension.length), coding: contentEncodings[extension] }
  }

  /** @param name The name by which the media type is found. */
  async #send(
    below: string,
    name: string,
    coding: string | undefined,
    { file, facts }: FoundFile,
    request: Request,
  ): Promise<Rendered> {
    const { cacheControl, contentTypes, charset, defaultType, etag } = this.#options
    const caching = typeof cacheControl === 'string' ? cacheControl : (cacheControl(below) ?? '')
    if (caching !== '') request.setHeader('Cache-Control', caching)
    request.setHeader('Content-Type', withCharset(mediaTypeOf(name, contentTypes) ?? defaultType, charset))
    if (coding !== undefined) request.setHeader('Content-Encoding', coding)
    const source = {
      totalBytes: facts.bytes,
      etag: etag ? etagOf(facts, coding, request.reactor.wallClock()) : undefined,
      lastModified: facts.modifiedMs,
      read: (range: ByteRange) => readPieces(file, range),
    }
    // Several parts of a coded file have no field for their coding: that of the response would be of all together.
    await sendRanges(request, source, { most: coding === undefined ? MOST_RANGES : 1 })
    return NOT_DONE_YET
  }

  /** @returns undefined when there is no such directory, or it is not listed. */
  async #list(below: string, request: Request): Promise<Rendered | undefined> {
    const { directoryListing } = this.#options
    if (directoryListing === false) return undefined
    const found = await this.#open(below, request)
    if (found === undefined) return undefined
    try {
      if (found.facts.kind !== 'directory') return undefined
      const listing = await readListing(this.#root, found, below, this.#options)
      const template = directoryListing === true ? listingPage : directoryListing
      request.setHeader('Content-Type', 'text/html; charset=utf-8')
      return String(template(listing))
    } catch (error) {
      refuse(error)
      return undefined
    } finally {
      await found.file.close()
    }
  }

  async #notFound(request: Request): Promise<Rendered> {
    if (!this.#looked) {
      this.#looked = true
      if (await this.#root.isMissing()) this.#logMissing(request)
    }
    return this.#options.childNotFound.render(request)
  }

  #logMissing({ reactor }: Request): void {
    const text = 'File serves nothing: there is no {path}'
    reactor.log({ namespace: 'ropewalk.http', level: 'warn', text, fields: { path: this.path } })
  }
}

/** What a path below a `File` leads to. */
class Below extends Resource {
  override readonly isLeaf = true
  readonly #serve: (request: Request) => RenderResult

  constructor(serve: (request: Request) => RenderResult) {
    super()
    this.#serve = serve
  }

  override render_GET(request: Request): RenderResult {
    return this.#serve(request)
  }
}

/** Returns the path of a request with a slash at its end, and its query. */
function withSlash({ path, uri }: Request): string {
  const mark = uri.indexOf('?')
  // Two slashes at the beginning would make a host of the first segment; browsers count a backslash as one.
  const start = /^\/[/\\]/.test(path) ? '/.' : ''
  return `${start}${path}/${mark < 0 ? '' : uri.slice(mark)}`
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Whether a compressed copy is of the present file: it is not older. */
function isCopyOf(plain: FileFacts, copy: FileFacts): boolean {
  // Programs that keep the time of a file may lose its fraction.
  return copy.kind === 'file' && copy.modifiedMs >= Math.floor(plain.modifiedMs / 1000) * 1000
}

/**
 * Makes an entity tag of a file's size and time of change, and its coding. It is weak while the file could change again without another
 * time: the clock of a file system has steps of a few milliseconds, or of 1 or 2 seconds.
 */
function etagOf({ bytes, modifiedMs }: FileFacts, coding: string | undefined, nowMs: number): string {
  const stepMs = modifiedMs % 1000 === 0 ? COARSE_STEP_MS : FINE_STEP_MS
  const weak = nowMs - modifiedMs < stepMs ? 'W/' : ''
  const suffix = coding === undefined ? '' : `-${coding}`
  return `${weak}"${bytes.toString(36)}-${Math.round(modifiedMs * 1000).toString(36)}${suffix}"`
}

const MOST_RANGES = 16
const COARSE_STEP_MS = 2_000
const FINE_STEP_MS = 100
