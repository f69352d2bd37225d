import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Violation } from '../../src/errors.ts'
import { LLHTTPOracle, type OracleRead } from './llhttp-oracle.ts'
import { type Read, readRequests } from './read-requests.ts'

/** An intended difference between the readers, with the clause that requires it. */
interface Rule {
  /** Our violation, or llhttp's reason. */
  readonly refusal: string
  readonly because: string
  /** Matches bytes that show the reason. */
  readonly holds: RegExp
}

/** Input that we refuse and llhttp accepts; `holds` is tested on the bytes that we did not read. */
const STRICTER: readonly (Rule & { readonly refusal: Violation })[] = [
  {
    refusal: 'missing-host',
    because: 'RFC 9112 §3.2: 400 to HTTP/1.1 without Host',
    holds: /^\S+ \S+ HTTP\/1\.1/m,
  },
  {
    refusal: 'malformed-host',
    because: 'RFC 9112 §3.2: 400 to several Host lines or an invalid one',
    holds: /host:/i,
  },
  {
    refusal: 'malformed-host',
    because: 'RFC 9110 §4.2.4: user information in a target is an error',
    holds: /^\S+ http:\/\/\S*@/,
  },
  {
    refusal: 'ambiguous-framing',
    because: 'RFC 9112 §6.1: Transfer-Encoding in HTTP/1.0 is faulty framing',
    holds: /HTTP\/1\.0[^]*transfer-encoding/i,
  },
  {
    refusal: 'unknown-expectation',
    because: 'RFC 9110 §10.1.1: 417 to an expectation that is not met',
    holds: /expect:/i,
  },
  {
    refusal: 'unsupported-version',
    because: 'RFC 9110 §15.6.6: 505 to a version that is not supported',
    holds: /HTTP\/(?:2\.0|0\.9)/,
  },
  {
    refusal: 'malformed-version',
    because: 'RFC 9112 §3: a single space before the version',
    holds: /^\S+ \S+ {2}/,
  },
  {
    refusal: 'malformed-target',
    because: 'RFC 9112 §3.2: no form of target has a fragment',
    holds: /^\S+ \S*#/,
  },
  {
    refusal: 'malformed-target',
    because: 'RFC 9112 §3.2.4: the asterisk stands alone, and for OPTIONS',
    holds: /^\S+ \*/,
  },
  {
    refusal: 'malformed-target',
    because: 'RFC 9112 §3.2.2: an origin server accepts http and https targets, with a host',
    holds: /^\S+ (?:ftp:|\w+:\/\/:|\w+:)/,
  },
  {
    refusal: 'malformed-request-line',
    because: 'RFC 9112 §2.2: an empty line is a CRLF; §3: no blank before the method',
    holds: /^(?:\r\n)*(?:\r[^\n]|\n)/,
  },
  {
    refusal: 'malformed-request-line',
    because: 'RFC 9112 §3: a single space before the target',
    holds: /^\S+ \s/,
  },
  {
    refusal: 'malformed-request-line',
    because: 'RFC 9112 §3: a request line has a version',
    holds: /^\S+ \S+[\r\n]/,
  },
  {
    refusal: 'malformed-chunk',
    because: 'RFC 9112 §7.1.1: chunk-ext is `;` name [ `=` value ]',
    holds: /^[0-9a-f]+;/i,
  },
  {
    refusal: 'unsupported-transfer-encoding',
    because: 'RFC 9112 §6.1: 501 to a coding that is not known',
    holds: /transfer-encoding:[ \t]*(?!chunked\r)/i,
  },
  {
    refusal: 'malformed-transfer-encoding',
    because: 'RFC 9112 §6.1: chunked once, and last',
    holds: /transfer-encoding:/i,
  },
  {
    refusal: 'body-too-large',
    because: 'RFC 9110 §15.5.14: 413 to a body that is too large',
    holds: /[0-9a-f]{6}/i,
  },
]

/** Input that llhttp refuses and we accept; `holds` is tested on all bytes. */
const LOOSER: readonly Rule[] = [
  {
    refusal: 'HPE_INVALID_METHOD',
    because: 'RFC 9110 §9.1: any token may be a method; the response is 501',
    holds: /./,
  },
  {
    refusal: 'HPE_INVALID_CONTENT_LENGTH',
    because: 'RFC 9110 §5.5: a tab is optional white space',
    holds: /content-length:[^\r]*\t/i,
  },
  {
    refusal: 'HPE_INVALID_CONTENT_LENGTH',
    because: 'RFC 9110 §6.5.1: a trailer does not frame the body',
    holds: /0(?:;.*)?\r\n(?:.+\r\n)*content-length:/i,
  },
  {
    refusal: 'HPE_INVALID_TRANSFER_ENCODING',
    because: 'RFC 9110 §5.5: a tab is optional white space',
    holds: /transfer-encoding:[^\r]*\t/i,
  },
  {
    refusal: 'HPE_INVALID_CHUNK_SIZE',
    because: 'RFC 9112 §7.1.1: blanks before a chunk extension',
    holds: /[\t ];/,
  },
  {
    refusal: 'HPE_STRICT',
    because: 'RFC 9112 §7.1.1: blanks within a chunk extension',
    holds: /;[\t ]|[\t ]=/,
  },
  {
    refusal: 'HPE_CLOSED_CONNECTION',
    because: 'RFC 9112 §9.6: our channel, not our reader, ends the connection',
    holds: /connection:[^\r]*close|HTTP\/1\.0/i,
  },
  {
    refusal: 'HPE_PAUSED_UPGRADE',
    because: 'RFC 9110 §7.8: our resource, not our reader, decides about an upgrade',
    holds: /upgrade|CONNECT/i,
  },
]

/** Requests in which llhttp takes the body for another protocol's bytes, against RFC 9112 §6.3. */
const UNSEEN_BODY = /CONNECT |transfer-encoding:\s*chunked\t/i

/** Returns the rule that explains a difference, or a text if no rule does; undefined when the readers agree. */
function judge(text: string, ours: Read, llhttp: OracleRead): Rule | string | undefined {
  const theirs = UNSEEN_BODY.test(text) ? withoutSwitch(llhttp) : llhttp
  const different = differentRequest(ours, theirs)
  if (different !== undefined) return different
  const [oursWhole, theirsWhole] = [wholeCount(ours), wholeCount(theirs)]
  if (ours.refused !== undefined && (theirs.refused === undefined || theirsWhole > oursWhole)) {
    const { violation } = ours.refused
    const rule = STRICTER.find(({ refusal, holds }) => refusal === violation && holds.test(ours.unread))
    return rule ?? `we alone refuse: ${violation}`
  }
  if (theirs.refused !== undefined && (ours.refused === undefined || oursWhole > theirsWhole)) {
    const rule = LOOSER.find(({ refusal, holds }) => refusal === theirs.refused && holds.test(text))
    return rule ?? (isRefusedOnceWhole(text, ours) ? undefined : `llhttp alone refuses: ${theirs.refused}`)
  }
  const same =
    ours.refused !== undefined ||
    (oursWhole === theirsWhole && ours.requests.length === theirs.requests.length)
  return same ? undefined : `we read ${ours.requests.length} requests, ${oursWhole} of them whole`
}

function differentRequest(ours: Read, theirs: OracleRead): string | undefined {
  for (const [at, other] of theirs.requests.entries()) {
    const mine = ours.requests[at]
    if (mine === undefined) return undefined
    const same = mine.head.method === other.method && mine.head.target === other.target
    const bodies = mine.body.startsWith(other.body) || other.body.startsWith(mine.body)
    const bothEnded = !(mine.ended && other.ended) || mine.body === other.body
    if (!same || !bodies || !bothEnded) return `request ${at} was read differently`
  }
  return undefined
}

function withoutSwitch(read: OracleRead): OracleRead {
  if (read.refused !== 'HPE_PAUSED_UPGRADE') return read
  return { requests: read.requests.slice(0, -1), refused: read.refused }
}

function wholeCount({ requests }: { readonly requests: readonly { readonly ended: boolean }[] }): number {
  return requests.filter(({ ended }) => ended).length
}

/** llhttp checks some fields as they arrive; we check a head, and a chunk's first line, once it is complete. */
function isRefusedOnceWhole(text: string, ours: Read): boolean {
  if (ours.unread === '') return false
  return ['\n', '\n\r\n', '\r\n\r\n'].some(
    (end) => readRequests([Buffer.from(text + end, 'latin1')]).refused !== undefined,
  )
}

const oneOf = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts)
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const requestLine = fc
  .tuple(
    oneOf('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'FROB', 'get'),
    oneOf('/', '/a?b=c', '*', 'http://h/x', 'http://u@h/', 'ftp://h/', '/%zz', '/a#b', 'x'),
    oneOf('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'http/1.1'),
  )
  .map((parts) => parts.join(' '))
const fieldLine = oneOf(
  'Host: h',
  'Host: h',
  'Host: a b',
  'Connection: close',
  'Connection: keep-alive',
  'X: y',
  'X:',
  'X : y',
  ' X: y',
  'X\x0b: y',
  'X: a\x00b',
  'Cookie: \xe9',
  'Content-Length: 3',
  'Content-Length: 3',
  'Content-Length: +3',
  'Content-Length: 3, 3',
  'Content-Length: 03',
  'content-length: 0x3',
  'Content-Length:\t3',
  'Content-Length: 3 ',
  'Content-Length: 18446744073709551619',
  'Content-Length: 4000000',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: CHUNKED',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: chunked\x0b',
  'Expect: 100-continue',
  'Expect: foo',
)
const body = oneOf(
  '',
  'abc',
  '3\r\nabc\r\n0\r\n\r\n',
  '3;x=y\r\nabc\r\n0\r\n\r\n',
  '3\r\nabc\r\n0\r\nT: v\r\n\r\n',
  '0x3\r\nabc\r\n0\r\n\r\n',
  '3 \r\nabc\r\n0\r\n\r\n',
  '3\nabc\r\n0\r\n\r\n',
  '3\r\nabcd\r\n0\r\n\r\n',
  '+3\r\nabc\r\n0\r\n\r\n',
  '3\r\nabc\r\n0\r\n\rX',
  '10000000000000003\r\nabc\r\n0\r\n\r\n',
)
const lineEnd = oneOf('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r')
/** Parts that need not be consistent. */
const wildRequest = fc
  .tuple(requestLine, fc.array(fc.tuple(fieldLine, lineEnd), { maxLength: 4 }), fc.boolean(), lineEnd, body)
  .map(([line, fields, withHost, end, content]) => {
    const lines = fields.map(([field, fieldEnd]) => `${field}${fieldEnd}`).join('')
    return `${line}\r\n${withHost ? 'Host: h\r\n' : ''}${lines}${end}${content}`
  })
const chunk = fc
  .tuple(
    oneOf('3', '003', '3;x', '3;x=y', '3 ;x', '3;\tx', '3; x = "a;\\"b"', '3;x=', '3;', '3;x y', '3;x="y'),
    oneOf('\r\nabc\r\n', '\r\nabc\r\n', '\r\nabc\r\n', '\nabc\r\n', '\r\nabc\n'),
  )
  .map((parts) => parts.join(''))
const chunkedBody = fc
  .tuple(fc.array(chunk, { maxLength: 2 }), oneOf('', 'T: v\r\n', 'Content-Length: 9\r\n', 'T : v\r\n'))
  .map(([chunks, trailers]) => `${chunks.join('')}0\r\n${trailers}\r\n`)
const framedBody = fc.oneof(
  fc.constant('\r\n'),
  oneOf('3', '03', '\t3', '3 \t').map((length) => `Content-Length: ${length}\r\n\r\nabc`),
  oneOf('chunked', 'CHUNKED', '\tchunked', 'chunked\t').chain((coding) =>
    chunkedBody.map((content) => `Transfer-Encoding: ${coding}\r\n\r\n${content}`),
  ),
)
/** Consistent parts. */
const soundRequest = fc
  .tuple(
    oneOf(
      'GET /',
      'POST /a?b',
      'FROB /',
      'SOURCE /',
      'OPTIONS *',
      'PUT http://h/x',
      'PATCH //x',
      'CONNECT h:80',
    ),
    oneOf('1.1', '1.1', '1.1', '1.0'),
    oneOf(
      '',
      '',
      '',
      'Connection: close\r\n',
      'Connection: keep-alive\r\n',
      'Connection: upgrade\r\nUpgrade: x\r\n',
    ),
    framedBody,
  )
  .map(([start, version, fields, framed]) => `${start} HTTP/${version}\r\nHost: h\r\n${fields}${framed}`)
const request = fc.oneof({ arbitrary: soundRequest, weight: 3 }, wildRequest)
/** One byte inserted, replaced or deleted. */
const edit = fc.tuple(
  fc.nat(400),
  oneOf('insert', 'replace', 'delete'),
  fc.oneof(byte, oneOf('\r', '\n', ' ', '\t', ':', '\0')),
)
const connection = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 3 }), fc.array(edit, { maxLength: 2 }))
  .map(([requests, edits]) => {
    let text = requests.join('')
    for (const [place, kind, char] of edits) {
      const at = place % (text.length + 1)
      text = text.slice(0, at) + (kind === 'delete' ? '' : char) + text.slice(kind === 'insert' ? at : at + 1)
    }
    return text
  })

describe('RequestReader compared with llhttp', () => {
  test('reads the same requests, or differs where a clause of the RFC requires it', async () => {
    const oracle = await LLHTTPOracle.load()
    const used = new Set<Rule>()
    fc.assert(
      fc.property(connection, (text) => {
        const bytes = Buffer.from(text, 'latin1')
        const verdict = judge(text, readRequests([bytes]), oracle.read(bytes))
        if (typeof verdict === 'object') used.add(verdict)
        else expect(verdict).toBeUndefined()
      }),
      { numRuns: 30_000, seed: 1 },
    )
    // An unused rule could hide a later fault.
    expect([...STRICTER, ...LOOSER].filter((rule) => !used.has(rule))).toEqual([])
  })

  test('reads with llhttp, and detects a difference', async () => {
    const oracle = await LLHTTPOracle.load()
    const text =
      'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: h\r\n\r\nBAD'
    const theirs = oracle.read(Buffer.from(text))
    expect(theirs).toMatchObject({
      requests: [
        { method: 'POST', target: '/a', body: 'abc', ended: true },
        { method: 'GET', target: '/b', body: '', ended: true },
      ],
      refused: 'HPE_INVALID_METHOD',
    })
    const other = readRequests([Buffer.from(text.replace('Content-Length: 3', 'Content-Length: 2'))])
    expect(judge(text, other, theirs)).toBe('request 0 was read differently')
  })
})
