import {
  CLIENT_BITS,
  CLIENT_NO_TAKEOVER,
  type DeflateParameters,
  SERVER_BITS,
  SERVER_NO_TAKEOVER,
} from '../driver/deflate.ts'
import type { Scale } from './limits.ts'
import type { SourceName } from './sources.ts'
import { type DeflateTerms, NORMAL_END, type TestCase } from './test-case.ts'

/** Sections 12 and 13: permessage-deflate with several contents, and with several parameters. */
export function compressionCases(scale: Scale): readonly TestCase[] {
  const contents = SOURCES.flatMap(([source, kind], at) =>
    exchanges(scale, `12.${at + 1}`, source, kind, { offers: [OFFER], accepts: [{}] }),
  )
  const parameters = TERMS.flatMap((terms, at) => exchanges(scale, `13.${at + 1}`, 'json', 'text', terms))
  return [...contents, ...parameters]
}

function exchanges(
  { messages: count }: Scale,
  id: string,
  source: SourceName,
  kind: 'text' | 'bytes',
  deflate: DeflateTerms,
): readonly TestCase[] {
  return SIZES.map(([bytes, fragmentBytes], at) => ({
    id: `${id}.${at + 1}`,
    title: `${count} compressed messages of ${bytes} bytes of ${source}${fragmentBytes === 0 ? '' : ` in fragments of ${fragmentBytes}`}`,
    steps: [{ do: 'exchange', messages: { kind, source, bytes, count, fragmentBytes } }],
    expected: [{ type: 'exchanged', messages: count }],
    end: NORMAL_END,
    deflate,
  }))
}

const SOURCES: readonly (readonly [SourceName, 'text' | 'bytes'])[] = [
  ['json', 'text'],
  ['picture', 'bytes'],
  ['prose', 'bytes'],
  ['html', 'text'],
  ['document', 'bytes'],
]

/** The size of the messages, and of their fragments. */
const SIZES: readonly (readonly [number, number])[] = [
  ...[16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072].map((bytes) => [bytes, 0] as const),
  ...[8192, 16_384, 32_768, 65_536, 131_072].map((bytes) => [bytes, 256] as const),
  [131_072, 1024],
  [131_072, 4096],
  [131_072, 32_768],
]

/** What a client offers by default: the server may limit the client's window and context. */
const OFFER: DeflateParameters = { [CLIENT_NO_TAKEOVER]: true, [CLIENT_BITS]: true }

const TERMS: readonly DeflateTerms[] = [
  { offers: [OFFER], accepts: [{}] },
  { offers: [offer(true)], accepts: [accept(true)] },
  { offers: [offer(false, 8)], accepts: [accept(false, 8)] },
  { offers: [offer(false, 15)], accepts: [accept(false, 15)] },
  { offers: [offer(true, 8)], accepts: [accept(true, 8)] },
  { offers: [offer(true, 15)], accepts: [accept(true, 15)] },
  { offers: [offer(true, 8), offer(true), OFFER], accepts: [accept(true, 8), accept(true), {}] },
]

/** An offer that limits the context and the window of the server. */
function offer(noTakeover: boolean, bits?: number): DeflateParameters {
  return {
    ...OFFER,
    ...(noTakeover ? { [SERVER_NO_TAKEOVER]: true } : {}),
    ...(bits === undefined ? {} : { [SERVER_BITS]: String(bits) }),
  }
}

/** A response that limits the context and the window of the client. */
function accept(noTakeover: boolean, bits?: number): DeflateParameters {
  return {
    ...(noTakeover ? { [CLIENT_NO_TAKEOVER]: true } : {}),
    ...(bits === undefined ? {} : { [CLIENT_BITS]: String(bits) }),
  }
}
