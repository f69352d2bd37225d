import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Violation } from '../../src/errors.ts'
import { LLHTTPOracle, type OracleRead } from './llhttp-oracle.ts'
import { type Read, readRequests } from './read-requests.ts'

/** What we refuse and llhttp lets pass, with the clause that we follow; the text must show the reason. */
const STRICTER: readonly { violation: Violation; because: string; holds: RegExp }[] = [
  { violation: 'missing-host', because: 'RFC 9112 §3.2: 400 to HTTP/1.1 without Host', holds: /HTTP\/1\.1/ },
  {
    violation: 'malformed-host',
    because: 'RFC 9112 §3.2: 400 to several Host lines or an invalid one',
    holds: /host:/i,
  },
  {
    violation: 'ambiguous-framing',
    because: 'RFC 9112 §6.1: Transfer-Encoding in HTTP/1.0 is faulty framing',
    holds: /HTTP\/1\.0[^]*transfer-encoding/i,
  },
  {
    violation: 'unknown-expectation',
    because: 'RFC 9110 §10.1.1: 417 to an expectation that is not met',
    holds: /expect:/i,
  },
  {
    violation: 'unsupported-version',
    because: 'RFC 9110 §15.6.6: 505 to a version that is not spoken',
    holds: /HTTP\/(?:2\.0|0\.9)/,
  },
  {
    violation: 'malformed-target',
    because: 'RFC 9112 §3.2: no form of target has a fragment, or stars elsewhere',
    holds: /#|\*|^\w+ [^/]|\n\w+ [^/]/,
  },
  {
    violation: 'malformed-request-line',
    because: 'RFC 9112 §3: visible ASCII in a target, one space between the parts; §2.2: no bare CR',
    holds: /[\x7f-\xff]|\r\n\r\n|^\r\n|  |\r[^\n]/,
  },
  {
    violation: 'malformed-chunk',
    because: 'RFC 9112 §7.1.1: chunk-ext is `;` name [ `=` value ]',
    holds: /;/,
  },
  {
    violation: 'unsupported-transfer-encoding',
    because: 'RFC 9112 §6.1: 501 to a coding that is not known',
    holds: /transfer-encoding:.*(?:gzip|identity)/i,
  },
  {
    violation: 'malformed-transfer-encoding',
    because: 'RFC 9112 §6.1: chunked once, and last',
    holds: /transfer-encoding:/i,
  },
  { violation: 'body-too-large', because: 'RFC 9110 §15.5.14: more than the server wants', holds: /\d{8}/ },
]

/** What llhttp refuses and we let pass. */
const LOOSER: readonly { reason: string; because: string; holds: RegExp }[] = [
  {
    reason: 'HPE_INVALID_METHOD',
    because: 'RFC 9110 §9.1: any token may be a method; the answer is 501',
    holds: /./,
  },
  {
    reason: 'HPE_INVALID_URL',
    because: 'RFC 9112 §3.2.4: an asterisk, an authority',
    holds: /OPTIONS \*|CONNECT /,
  },
  {
    reason: 'HPE_INVALID_CONTENT_LENGTH',
    because: 'RFC 9110 §5.5: a tab is optional white space',
    holds: /content-length:[^\r]*\t/i,
  },
  {
    reason: 'HPE_INVALID_TRANSFER_ENCODING',
    because: 'RFC 9110 §5.5: a tab is optional white space',
    holds: /transfer-encoding:[^\r]*\t/i,
  },
  {
    reason: 'HPE_INVALID_CHUNK_SIZE',
    because: 'RFC 9112 §7.1.1: blanks before a chunk extension',
    holds: /[\t ];/,
  },
  {
    reason: 'HPE_INVALID_VERSION',
    because: 'llhttp asks for a version it knows before the line ends',
    holds: /HTTP\/\d/,
  },
  {
    reason: 'HPE_CLOSED_CONNECTION',
    because: 'our channel, not our reader, ends the connection (RFC 9112 §9.6)',
    holds: /connection:[^\r]*close|HTTP\/1\.0/i,
  },
  {
    reason: 'HPE_PAUSED_UPGRADE',
    because: 'llhttp stops at every upgrade; our resource decides',
    holds: /upgrade|CONNECT/i,
  },
  { reason: 'HPE_INVALID_CONSTANT', because: 'llhttp reads SOURCE as ICE beside HTTP', holds: /SOURCE/ },
]

/** Says what both should have agreed on and did not, with no clause that explains it. */
function disagreement(text: string, ours: Read, theirs: OracleRead): string | undefined {
  const shared = Math.min(ours.requests.length, theirs.requests.length)
  for (let at = 0; at < shared; at++) {
    const mine = ours.requests[at]
    const other = theirs.requests[at]
    if (mine === undefined || other === undefined) continue
    const same = mine.head.method === other.method && mine.head.target === other.target
    const bodies = mine.body.startsWith(other.body) || other.body.startsWith(mine.body)
    const bothEnded = !(mine.ended && other.ended) || mine.body === other.body
    if (!same || !bodies || !bothEnded) return `request ${at} was read differently`
  }
  const explained = (violation: Violation): boolean =>
    STRICTER.some((rule) => rule.violation === violation && rule.holds.test(text))
  if (ours.refused !== undefined && theirs.refused === undefined && !explained(ours.refused.violation)) {
    return `we alone refuse: ${ours.refused.violation}`
  }
  const { refused } = theirs
  // llhttp judges some fields where they stand; we judge a head once it is whole.
  const refusedLater = ['\n', '\n\r\n', '\r\n\r\n'].some(
    (end) => readRequests([Buffer.from(text + end, 'latin1')]).refused,
  )
  const known = LOOSER.some((rule) => rule.reason === refused && rule.holds.test(text))
  if (refused !== undefined && ours.refused === undefined && !known && !refusedLater)
    return `llhttp alone refuses: ${refused}`
  return undefined
}

const oneOf = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts)
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const requestLine = fc
  .tuple(
    oneOf('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'FROB', 'get'),
    oneOf('/', '/a?b=c', '*', 'http://h/x', '/%zz', '/a#b', 'x'),
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
const request = fc
  .tuple(requestLine, fc.array(fc.tuple(fieldLine, lineEnd), { maxLength: 4 }), fc.boolean(), lineEnd, body)
  .map(([line, fields, withHost, end, content]) => {
    const lines = fields.map(([field, fieldEnd]) => `${field}${fieldEnd}`).join('')
    return `${line}\r\n${withHost ? 'Host: h\r\n' : ''}${lines}${end}${content}`
  })
/** One byte put in, changed or taken out. */
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

describe('RequestReader beside llhttp', () => {
  test('reads the same requests, or refuses where a clause of the RFC says so', async () => {
    const oracle = await LLHTTPOracle.load()
    fc.assert(
      fc.property(connection, (text) => {
        const bytes = Buffer.from(text, 'latin1')
        const theirs = oracle.read(bytes)
        expect(disagreement(text, readRequests([bytes]), theirs)).toBeUndefined()
      }),
      { numRuns: 20_000, seed: 1 },
    )
  })

  test('the oracle does read, and would show a difference', async () => {
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
    expect(disagreement(text, other, theirs)).toBe('request 0 was read differently')
  })
})
