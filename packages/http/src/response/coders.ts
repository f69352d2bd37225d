import type zlib from 'node:zlib'
import { assertNever } from '@ropewalk/core/bytes'
import { nodeZlib } from '../message/node-zlib.ts'

/** A coder for one body. */
export type Coder = ReturnType<typeof zlib.createGzip>

/** The content codings that a response can have (RFC 9110 §8.4.1, RFC 7932, RFC 8878). */
export type CodingName = 'gzip' | 'br' | 'zstd'

/** How hard each coding tries. A higher number makes a smaller body and takes longer. */
export interface CodingLevels {
  /** From 1 to 9. Default 6. */
  readonly gzipLevel: number
  /** From 0 to 11. Above 5 it is too slow for responses that are coded while they are sent. Default 4. */
  readonly brotliQuality: number
  /** From 1 to 19. Default 3. */
  readonly zstdLevel: number
}

/** Whether this Node has a coding: zstd came with Node 22.15 and 23.8. */
export function hasCoding(name: CodingName): boolean {
  return name !== 'zstd' || nodeZstd().createZstdCompress !== undefined
}

/** Codes a whole body, without another thread. */
export function codeAtOnce(name: CodingName, body: Uint8Array | string, levels: CodingLevels): Buffer {
  switch (name) {
    case 'gzip':
      return nodeZlib().gzipSync(body, { level: levels.gzipLevel })
    case 'br':
      return nodeZlib().brotliCompressSync(body, { params: brotliParameters(levels) })
    case 'zstd':
      return zstd('zstdCompressSync')(body, { params: zstdParameters(levels) })
    default:
      return assertNever(name)
  }
}

/**
 * Makes a coder for a body that is sent piece by piece. Everything written to it comes out at once, so that a
 * client never waits for a piece that the program has written.
 *
 * It works in another thread. Its memory is bounded by the small windows: about 0.3 MiB for gzip, and 1.3 MiB for
 * the others with their default levels.
 */
export function makeCoder(name: CodingName, levels: CodingLevels): Coder {
  switch (name) {
    case 'gzip':
      return nodeZlib().createGzip({ level: levels.gzipLevel, flush: nodeZlib().constants.Z_SYNC_FLUSH })
    case 'br':
      return nodeZlib().createBrotliCompress({
        flush: nodeZlib().constants.BROTLI_OPERATION_FLUSH,
        params: brotliParameters(levels),
      })
    case 'zstd':
      return zstd('createZstdCompress')({ flush: ZSTD_FLUSH, params: zstdParameters(levels) })
    default:
      return assertNever(name)
  }
}

function brotliParameters({ brotliQuality }: CodingLevels): Record<number, number> {
  const { constants } = nodeZlib()
  return {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
    [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
  }
}

function zstdParameters({ zstdLevel }: CodingLevels): Record<number, number> {
  return { [ZSTD_LEVEL]: zstdLevel, [ZSTD_WINDOW_LOG]: WINDOW_BITS }
}

function nodeZstd(): Partial<Zstd> {
  return nodeZlib() as unknown as Partial<Zstd>
}

/** The functions for zstd, which the types of Node 20 lack. */
interface Zstd {
  createZstdCompress(options: ZstdOptions): Coder
  zstdCompressSync(body: Uint8Array | string, options: ZstdOptions): Buffer
}

interface ZstdOptions {
  readonly flush?: number
  readonly params: Readonly<Record<number, number>>
}

function zstd<K extends keyof Zstd>(name: K): Zstd[K] {
  const found = nodeZstd()[name]
  if (found === undefined) throw new Error('Cannot code with zstd: this version of Node does not have it')
  return found
}

/** The values of `ZSTD_c_compressionLevel`, `ZSTD_c_windowLog` and `ZSTD_e_flush`, part of zstd's stable interface. */
const ZSTD_LEVEL = 100
const ZSTD_WINDOW_LOG = 101
const ZSTD_FLUSH = 1
/** Windows of 256 KiB: larger ones hardly make a page smaller, and every client may keep a coder busy. */
const WINDOW_BITS = 18
