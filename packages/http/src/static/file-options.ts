import {
  anyText,
  byteCount,
  callable,
  count,
  either,
  flag,
  having,
  listOf,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'
import { isFieldValue } from '../message/field-grammar.ts'
import { notFound } from '../site/pages.ts'
import { isResource, type Resource } from '../site/resource.ts'
import type { FileSystem } from './file-system.ts'
import type { HTML } from '../site/html.ts'
import type { ListedDirectory } from './listing-page.ts'
import type { ContentTypes } from './media-type.ts'
import { nodeFileSystem } from './node-file-system.ts'

/** How a `File` serves. */
export interface FileOptions {
  /** The type of a file whose extension is unknown. Default `application/octet-stream`. */
  readonly defaultType: string
  /** Types by extension, before those of the table: `{ '.foo': 'text/x-foo' }`. Default none. */
  readonly contentTypes: ContentTypes
  /** The charset of types of text; '' for none. Default `utf-8`. */
  readonly charset: string
  /**
   * Extensions that are content codings: with `{ '.gz': 'gzip' }`, `a.txt.gz` is sent as `text/plain` with
   * `Content-Encoding: gzip`. Default none.
   */
  readonly contentEncodings: Readonly<Record<string, string>>
  /** The files that a directory is represented by: the first that it has. Default `index.html`. */
  readonly indexNames: readonly string[]
  /** Extensions that a path may leave out: with `.html`, `/about` leads to `about.html`. Default none. */
  readonly ignoredExts: readonly string[]
  /**
   * Codings of which a file may have a compressed copy beside it: `a.js.br` for `br`, `.zst` for `zstd`, `.gz` for
   * `gzip`. A client that accepts one gets the copy, unless it is older than the file. Among codings that the client
   * likes equally, the first is taken. Each costs an attempt to open a file. Default none.
   */
  readonly precompressed: readonly Precompressed[]
  /** Names that begin with a dot and are served all the same, such as `.well-known`. Default none. */
  readonly dotfiles: readonly string[]
  /** The value of Cache-Control, or a function of the file's path below the root: `/a/b.js`. Default none. */
  readonly cacheControl: string | ((path: string) => string | undefined)
  /** Whether responses have an ETag, made from the file's size and time of change. Default true. */
  readonly etag: boolean
  /** Whether a directory without an index is listed, or the template of its page. Default false. */
  readonly directoryListing: boolean | ListingTemplate
  /** Most names that a listing shows. Default 1 000. */
  readonly maxListedNames: number
  /**
   * Most bytes of files of up to 64 KiB that are kept in memory. Such a file is used only while its size and times
   * are the same. 0 for none. Default 4 MiB.
   */
  readonly cacheBytes: number
  /** Responds for a path that leads to no file. Default `notFound()`. */
  readonly childNotFound: Resource
  /** Where the files are. Default `nodeFileSystem`. */
  readonly fileSystem: FileSystem
}

/** Makes the page of a directory. `html` escapes what it puts into one. */
export type ListingTemplate = (directory: ListedDirectory) => HTML | string

/** A content coding of files that were compressed beforehand. */
export type Precompressed = 'br' | 'zstd' | 'gzip'

/** How a `File` without options serves. */
export const DEFAULT_FILE_OPTIONS: FileOptions = {
  defaultType: 'application/octet-stream',
  contentTypes: {},
  charset: 'utf-8',
  contentEncodings: {},
  indexNames: ['index.html'],
  ignoredExts: [],
  precompressed: [],
  dotfiles: [],
  cacheControl: '',
  etag: true,
  directoryListing: false,
  maxListedNames: 1_000,
  cacheBytes: 4_194_304,
  childNotFound: notFound(),
  fileSystem: nodeFileSystem,
}

/** The extension of the copy for each coding. */
export const PRECOMPRESSED_EXTENSION: Readonly<Record<Precompressed, string>> = {
  br: '.br',
  zstd: '.zst',
  gzip: '.gz',
}

const sendable: OptionRule = (value) =>
  typeof value === 'string' && !isFieldValue(value)
    ? { kind: 'range', wanted: 'a value without control characters or characters above U+00FF' }
    : anyText(value)

const extension: OptionRule = textLike(/^\.[^./\\\0A-Z]+$/, 'an extension in lower case, with its dot: .html')
const fileName: OptionRule = textLike(/^(?!\.\.?$)[^/\\\0]+$/, 'the name of a file, such as index.html')
const dotfile: OptionRule = textLike(
  /^\.(?!\.?$)[^/\\\0]+$/,
  'a name that begins with a dot, such as .well-known',
)
const coding: OptionRule = (value) =>
  typeof value === 'string' && Object.hasOwn(PRECOMPRESSED_EXTENSION, value)
    ? undefined
    : { kind: typeof value === 'string' ? 'range' : 'type', wanted: "'br', 'zstd' or 'gzip'" }

/** The type and range of each option. */
export const FILE_OPTION_RULES: OptionRules<FileOptions> = {
  defaultType: sendable,
  contentTypes: byExtension,
  charset: sendable,
  contentEncodings: byExtension,
  indexNames: listOf(fileName),
  ignoredExts: listOf(extension),
  precompressed: listOf(coding),
  dotfiles: listOf(dotfile),
  cacheControl: either(sendable, callable, 'a value of Cache-Control, or a function that returns one'),
  etag: flag,
  directoryListing: either(flag, callable, 'true, false, or a function that returns a page'),
  maxListedNames: count({ least: 1 }),
  cacheBytes: byteCount(),
  childNotFound: (value) =>
    isResource(value) ? undefined : { kind: 'type', wanted: 'a Resource, such as notFound()' },
  fileSystem: having('a FileSystem, with open, realpath and stat', 'open', 'realpath', 'stat'),
}

function byExtension(value: unknown): ReturnType<OptionRule> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'type', wanted: "an object by extension: { '.foo': 'text/x-foo' }" }
  }
  for (const [key, item] of Object.entries(value)) {
    const problem = extension(key) ?? sendable(item)
    if (problem !== undefined) return { ...problem, at: `['${key.slice(0, MAX_SHOWN)}']`, found: item }
  }
  return undefined
}

function textLike(pattern: RegExp, wanted: string): OptionRule {
  return (value) => {
    if (typeof value !== 'string') return { kind: 'type', wanted }
    return pattern.test(value) ? undefined : { kind: 'range', wanted }
  }
}

const MAX_SHOWN = 40
