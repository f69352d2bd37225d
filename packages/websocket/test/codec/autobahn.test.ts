import { describe, expect, test } from 'vitest'
import { closeFrame, encodeFor, part, type PeerFrame, peerFrame } from './peer-frames.ts'
import { chopped, readMessages, ROLES, summaries, summary } from './read-messages.ts'

const [MORE, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10]
const hello = peerFrame(TEXT, 'Hello')
type Case = readonly [name: string, frames: readonly PeerFrame[], expected: string]

describe('MessageReader with the cases of the Autobahn test suite', () => {
  test.each<Case>([
    ...[0, 125, 126, 127, 128].flatMap((length): Case[] => [
      [`1.1 text of ${length} bytes`, [peerFrame(TEXT, '*'.repeat(length))], `text "${'*'.repeat(length)}"`],
      [
        `1.2 ${length} bytes`,
        [peerFrame(BINARY, 'þ'.repeat(length / 2))],
        `bytes "${'Ã¾'.repeat(length / 2)}"`,
      ],
    ]),
    ['2.1 an empty ping', [peerFrame(PING)], 'ping ""'],
    ['2.2 a ping with text', [peerFrame(PING, 'Hello')], 'ping "Hello"'],
    ['2.3 a ping that is not text', [peerFrame(PING, Buffer.of(0, 255, 254))], 'ping "\0ÿþ"'],
    ['2.4 a ping of 125 bytes', [peerFrame(PING, '*'.repeat(125))], `ping "${'*'.repeat(125)}"`],
    ['2.5 a ping of 126 bytes', [peerFrame(PING, '*'.repeat(126))], '!control-frame-too-long'],
    ['2.7 an unsolicited pong', [peerFrame(PONG), peerFrame(PONG, 'x')], 'pong ""; pong "x"'],
    [
      '2.10 ten pings',
      Array.from({ length: 10 }, (_, at) => peerFrame(PING, `${at}`)),
      Array.from({ length: 10 }, (_, at) => `ping "${at}"`).join('; '),
    ],
    ...[1, 2, 3, 4, 5, 6, 7].flatMap((rsv): Case[] => [
      [
        `3 text with RSV ${rsv}`,
        [hello, peerFrame(TEXT, 'x', { rsv }), hello],
        'text "Hello"; !reserved-bits',
      ],
      [`3 a ping with RSV ${rsv}`, [peerFrame(PING, '', { rsv })], '!reserved-bits'],
      [`3 a close frame with RSV ${rsv}`, [peerFrame(CLOSE, '', { rsv })], '!reserved-bits'],
    ]),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Case => {
      return [`4 opcode ${opcode}`, [hello, peerFrame(opcode, 'x'), hello], 'text "Hello"; !reserved-opcode']
    }),
    ['5.1 a fragmented ping', [part(PING, 'a'), peerFrame(MORE, 'b')], '!control-frame-fragmented'],
    ['5.2 a fragmented pong', [part(PONG, 'a'), peerFrame(MORE, 'b')], '!control-frame-fragmented'],
    ['5.3 text in fragments', [part(TEXT, 'a'), peerFrame(MORE, 'b')], 'text "ab"'],
    [
      '5.6 a ping between fragments',
      [part(TEXT, 'a'), peerFrame(PING, 'p'), peerFrame(MORE, 'b')],
      'ping "p"; text "ab"',
    ],
    ['5.9 a continuation without a message', [peerFrame(MORE, 'x'), hello], '!unexpected-continuation'],
    [
      '5.12 a continuation without FIN and without a message',
      [part(MORE, 'x'), hello],
      '!unexpected-continuation',
    ],
    [
      '5.15 a continuation after the end of a message',
      [part(TEXT, 'a'), peerFrame(MORE, 'b'), part(MORE, 'c'), hello],
      'text "ab"; !unexpected-continuation',
    ],
    ['5.18 text within text', [part(TEXT, 'a'), hello], '!expected-continuation'],
    ['5.18 bytes within bytes', [part(BINARY, 'a'), part(BINARY, 'b')], '!expected-continuation'],
    [
      '5.19 fragments with pings among them',
      [
        part(TEXT, '1'),
        peerFrame(PING, 'p'),
        part(MORE, '2'),
        peerFrame(PING, 'q'),
        peerFrame(PONG, 'r'),
        peerFrame(MORE, '3'),
        hello,
      ],
      'ping "p"; ping "q"; pong "r"; text "123"; text "Hello"',
    ],
    ['6.1 empty text', [peerFrame(TEXT), part(TEXT), part(MORE), peerFrame(MORE)], 'text ""; text ""'],
    ['6.1 one fragment that is not empty', [part(TEXT), part(MORE, 'x'), peerFrame(MORE)], 'text "x"'],
    ['7.1.1 a message after a close frame', [hello, closeFrame(1000), hello], 'text "Hello"; close 1000 ""'],
    ['7.1.3 a ping after a close frame', [closeFrame(1000), peerFrame(PING)], 'close 1000 ""'],
    [
      '7.1.5 a close frame within a message',
      [part(TEXT, 'a'), closeFrame(1000), peerFrame(MORE, 'b')],
      'close 1000 ""',
    ],
    ['7.3.1 an empty close frame', [peerFrame(CLOSE)], 'close undefined ""'],
    ['7.3.2 a close frame with a code of one byte', [peerFrame(CLOSE, '\x03')], '!malformed-close'],
    ['7.3.4 a close frame with a reason', [closeFrame(1000, 'Hello')], 'close 1000 "Hello"'],
    ['7.3.5 the longest reason', [closeFrame(1000, '*'.repeat(123))], `close 1000 "${'*'.repeat(123)}"`],
    ['7.3.6 a reason too long', [closeFrame(1000, '*'.repeat(124))], '!control-frame-too-long'],
    [
      '7.5.1 a reason that is not UTF-8',
      [closeFrame(1000, Buffer.of(0xce, 0xba, 0xed, 0xa0, 0x80))],
      '!invalid-utf8',
    ],
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code): Case => {
      return [`7.7 code ${code}`, [closeFrame(code)], `close ${code} ""`]
    }),
    ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535].map((code): Case => {
      return [`7.9, 7.13 code ${code}`, [closeFrame(code, 'why')], '!malformed-close']
    }),
  ])('%s', (_name, frames, expected) => {
    expect(summaries(frames)).toEqual([expected])
  })
})

describe('MessageReader with the cases of the Autobahn test suite about UTF-8', () => {
  test.each([
    ['6.2 a word', 'cebae1bdb9cf83cebcceb5'],
    ['6.7 the first characters of each length', '00 c280 e0a080 f0908080'],
    ['6.9 the last characters of each length', '7f dfbf efbfbf f48fbfbf'],
    ['6.11 the neighbours of the surrogates, and U+FFFD', 'ed9fbf ee8080 efbfbd'],
    ['6.22 noncharacters', 'efb790 efbfbe f09fbfbe f09fbfbf f48fbfbe'],
    ['6.23 byte order marks and a replacement character', 'efbbbf efbfbd efbbbf'],
  ])('accepts %s, wherever fragments begin', (_name, hex) => {
    const bytes = fromHex(hex)
    const expected = `text "${bytes.toString()}"`
    expect(summaries([peerFrame(TEXT, bytes)])).toEqual([expected])
    for (let cut = 0; cut <= bytes.length; cut++) {
      const frames = [part(TEXT, bytes.subarray(0, cut)), peerFrame(MORE, bytes.subarray(cut))]
      expect(summaries(frames)).toEqual([expected])
    }
  })

  // In each, the last byte is the first invalid one, or the text ends within a character.
  test.each([
    ['6.3 a surrogate after a word', 'cebae1bdb9cf83cebcceb5 eda0'],
    ['6.5 the beginning of a character', 'cebae1'],
    ['6.8 the first byte of five', 'f8'],
    ['6.8 the first byte of six', 'fc'],
    ['6.10 a character beyond U+10FFFF', 'f490'],
    ['6.10 a character far beyond U+10FFFF', 'f7'],
    ['6.12 a lone continuation byte', '80'],
    ['6.12 another lone continuation byte', 'bf'],
    ['6.13 a lone first byte of two', 'c320'],
    ['6.13 a lone first byte of three', 'e120'],
    ['6.13 a lone first byte of four', 'f120'],
    ['6.14 one continuation byte short', 'e282'],
    ['6.14 two continuation bytes short', 'f09f'],
    ['6.14 the last continuation byte short', 'f09f98'],
    ['6.15 an incomplete character before another', 'e282 f0'],
    ['6.16 the byte FE', 'fe'],
    ['6.16 the byte FF', 'ff'],
    ['6.17 a slash in two bytes', 'c0'],
    ['6.17 a slash in three bytes', 'e080'],
    ['6.17 a slash in four bytes', 'f080'],
    ['6.18 the highest overlong form of two bytes', 'c1'],
    ['6.18 the highest overlong form of three bytes', 'e09f'],
    ['6.18 the highest overlong form of four bytes', 'f08f'],
    ['6.20 the first surrogate', 'eda0'],
    ['6.20 the last surrogate', 'edbf'],
  ])('refuses %s, in one frame and in fragments', (_name, hex) => {
    const bytes = fromHex(hex)
    const long = Buffer.concat([Buffer.alloc(200, 'x'), bytes])
    const fragments = Array.from(bytes, (byte, at) => part(at === 0 ? TEXT : MORE, Uint8Array.of(byte)))
    for (const frames of [
      [peerFrame(TEXT, bytes)],
      [peerFrame(TEXT, long)],
      [...fragments, peerFrame(MORE)],
    ]) {
      expect(summaries([...frames, hello])).toEqual(['!invalid-utf8'])
    }
  })

  test.each(['f490', 'eda0', 'c0', 'e09f', 'ff', 'c320'])(
    '6.4 refuses %s as soon as it arrives, before the end of its frame or message',
    (hex) => {
      const good = 'κόσμε'
      const bytes = Buffer.concat([Buffer.from(good), fromHex(hex)])
      for (const role of ROLES) {
        const frame = encodeFor(role, [peerFrame(TEXT, Buffer.concat([bytes, Buffer.alloc(50, 'x')]))])
        const whole = encodeFor(role, [part(TEXT, good), part(MORE, fromHex(hex))])
        for (const arrived of [frame.subarray(0, -50), whole]) {
          expect(summary(readMessages(chopped(arrived.subarray(0, -1), 1), {}, role))).toBe('')
          expect(summary(readMessages(chopped(arrived, 1), {}, role))).toBe('!invalid-utf8')
        }
      }
    },
  )
})

describe('MessageReader with the cases of the Autobahn test suite about size', () => {
  const limits = { maxMessageBytes: 16 << 20 }

  test.each([
    ['1.1.8 text of 65 536 bytes', 65_536, 65_536, 997],
    ['9.1 text of 4 MiB', 4 << 20, 4 << 20, 65_536],
    ['9.3 text of 4 MiB in fragments of 64 bytes', 4 << 20, 64, 65_536],
    ['9.3 text of 4 MiB in fragments of 64 KiB', 4 << 20, 65_536, 65_536],
    ['9.5 text of 1 MiB that arrives in pieces of 64 bytes', 1 << 20, 1 << 20, 64],
    ['10.1 text of 65 536 bytes in fragments of 1 300', 65_536, 1300, 4096],
  ])('%s', (_name, length, fragmentBytes, pieceBytes) => {
    const payload = Buffer.alloc(length, 'g😀rü')
    const last = Math.ceil(length / fragmentBytes) - 1
    const frames = chopped(payload, fragmentBytes).map((fragment, at) => {
      return peerFrame(at === 0 ? TEXT : MORE, fragment, { fin: at === last })
    })
    const { events } = readMessages(chopped(encodeFor('server', frames), pieceBytes), limits)
    expect(events.map((event) => event.type === 'text' && event.text === payload.toString())).toEqual([true])
  })

  test.each([1, 64, 4096, 65_536])(
    '9.2, 9.6 4 MiB of bytes in frames of 1 MiB that arrive in pieces of %i bytes',
    (pieceBytes) => {
      const payload = Buffer.alloc(pieceBytes === 1 ? 65_536 : 4 << 20, Buffer.of(0, 1, 2, 3, 254, 255, 7))
      const frames = chopped(payload, 1 << 20).map((data) => peerFrame(BINARY, data))
      const { events } = readMessages(chopped(encodeFor('server', frames), pieceBytes), limits)
      const data = events.map((event) => (event.type === 'bytes' ? event.data : Buffer.alloc(0)))
      expect(events.length).toBe(frames.length)
      expect(Buffer.concat(data).equals(payload)).toBe(true)
    },
  )
})

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}
