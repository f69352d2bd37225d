import { OPCODE } from '../driver/frame.ts'
import type { Chop } from '../driver/peer.ts'
import {
  bytesOf,
  type CaseFrame,
  type Expected,
  NORMAL_END,
  type Payload,
  PROTOCOL_ERROR,
  type TestCase,
} from './test-case.ts'

const { text, binary, close, ping, pong } = OPCODE

/** Section 1: text and binary messages of every form of length. */
export function messageCases(): readonly TestCase[] {
  const kinds = [
    { number: 1, type: 'text', opcode: text, repeat: Buffer.from('*') },
    { number: 2, type: 'bytes', opcode: binary, repeat: Buffer.of(0xfe) },
  ] as const
  return kinds.flatMap(({ number, type, opcode, repeat }) =>
    MESSAGE_LENGTHS.map(([bytes, chop], at): TestCase => {
      const payload: Payload = { repeat, bytes }
      return {
        id: `1.${number}.${at + 1}`,
        title: `a ${type} message of ${bytes} bytes${chop === 'together' ? '' : ` in pieces of ${chop}`}`,
        steps: [{ do: 'send', frames: [{ opcode, payload }], chop }],
        expected: [{ type, payload }],
        end: NORMAL_END,
      }
    }),
  )
}

const MESSAGE_LENGTHS: readonly (readonly [number, Chop])[] = [
  [0, 'together'],
  [125, 'together'],
  [126, 'together'],
  [127, 'together'],
  [128, 'together'],
  [65_535, 'together'],
  [65_536, 'together'],
  [65_536, 997],
]

/** Section 2: pings and pongs. */
export function pingCases(): readonly TestCase[] {
  const full = { repeat: Buffer.of(0xfe), bytes: 125 }
  const ten = Array.from({ length: 10 }, (_, at) => Buffer.from(`payload-${at}`))
  const tenPings = ten.map((payload) => ({ opcode: ping, payload }))
  const quiet = { do: 'wait', wait: { name: 'quiet', length: 'short' } } as const
  const waited = { type: 'wait', name: 'quiet' } as const
  return [
    pongedCase('2.1', 'a ping without a payload', [{ opcode: ping }], [Buffer.alloc(0)]),
    pongedCase('2.2', 'a ping with text', [{ opcode: ping, payload: HELLO }], [HELLO]),
    pongedCase('2.3', 'a ping that is not UTF-8', [{ opcode: ping, payload: NOT_TEXT }], [NOT_TEXT]),
    pongedCase('2.4', 'a ping of 125 bytes', [{ opcode: ping, payload: full }], [full]),
    {
      id: '2.5',
      title: 'a ping of 126 bytes',
      steps: [{ do: 'send', frames: [{ opcode: ping, payload: { ...full, bytes: 126 } }] }],
      expected: [],
      end: PROTOCOL_ERROR,
    },
    pongedCase('2.6', 'a ping of 125 bytes, byte by byte', [{ opcode: ping, payload: full }], [full], 1),
    {
      id: '2.7',
      title: 'an unsolicited pong without a payload',
      steps: [{ do: 'send', frames: [{ opcode: pong }] }, quiet],
      expected: [waited],
      end: NORMAL_END,
    },
    {
      id: '2.8',
      title: 'an unsolicited pong with a payload',
      steps: [{ do: 'send', frames: [{ opcode: pong, payload: UNSOLICITED }] }, quiet],
      expected: [waited],
      end: NORMAL_END,
    },
    pongedCase(
      '2.9',
      'an unsolicited pong, then a ping',
      [
        { opcode: pong, payload: UNSOLICITED },
        { opcode: ping, payload: HELLO },
      ],
      [HELLO],
    ),
    pongedCase('2.10', 'ten pings', tenPings, ten),
    pongedCase('2.11', 'ten pings, byte by byte', tenPings, ten, 1),
  ]
}

function pongedCase(
  id: string,
  title: string,
  frames: readonly CaseFrame[],
  pongs: readonly Payload[],
  chop?: Chop,
): TestCase {
  const expected = pongs.map((payload): Expected => ({ type: 'pong', payload }))
  return { id, title, steps: [{ do: 'send', frames, chop }], expected, end: NORMAL_END }
}

/** Section 3: reserved bits, without an extension that uses them. */
export function reservedBitCases(): readonly TestCase[] {
  const hello = { opcode: text, payload: HELLO }
  const probe = { opcode: ping }
  return [
    refused('3.1', 'text with the reserved bits 1', [{ ...hello, rsv: 1 }]),
    refusedAfterEcho('3.2', 'text, text with the reserved bits 2, ping', [
      hello,
      { ...hello, rsv: 2 },
      probe,
    ]),
    refusedAfterEcho(
      '3.3',
      'text, text with the reserved bits 3, ping, frame by frame',
      [hello, { ...hello, rsv: 3 }, probe],
      'frames',
    ),
    refusedAfterEcho(
      '3.4',
      'text, text with the reserved bits 4, ping, byte by byte',
      [hello, { ...hello, rsv: 4 }, probe],
      1,
    ),
    refused('3.5', 'bytes with the reserved bits 5', [{ opcode: binary, payload: NOT_TEXT, rsv: 5 }]),
    refused('3.6', 'a ping with the reserved bits 6', [{ opcode: ping, payload: HELLO, rsv: 6 }]),
    refused('3.7', 'a close frame with the reserved bits 7', [{ opcode: close, rsv: 7 }], undefined, 'us'),
  ]
}

/** Section 4: reserved opcodes. */
export function opcodeCases(): readonly TestCase[] {
  return [
    { number: 1, kind: 'data', opcodes: [3, 4, 5, 6, 7] },
    { number: 2, kind: 'control', opcodes: [11, 12, 13, 14, 15] },
  ].flatMap(({ number, kind, opcodes }) =>
    opcodes.map((opcode, at): TestCase => {
      const id = `4.${number}.${at + 1}`
      const reserved = at % 2 === 0 && at < 4 ? { opcode } : { opcode, payload: RESERVED }
      const what = `the reserved ${kind} opcode ${opcode}`
      if (at < 2) return refused(id, what, [reserved])
      const chop = at === 4 ? 1 : undefined
      const frames = [{ opcode: text, payload: HELLO }, reserved, { opcode: ping }]
      return refusedAfterEcho(id, `text, ${what}, ping${at === 4 ? ', byte by byte' : ''}`, frames, chop)
    }),
  )
}

/** A case that the peer must refuse, without an event before. */
export function refused(
  id: string,
  title: string,
  frames: readonly CaseFrame[],
  chop?: Chop,
  closedBy: 'us' | 'peer' = 'peer',
): TestCase {
  return {
    id,
    title,
    steps: [{ do: 'send', frames, chop }],
    expected: [],
    end: { ...PROTOCOL_ERROR, closedBy },
  }
}

/** A case in which the peer echoes the first message, and refuses the second frame. */
function refusedAfterEcho(id: string, title: string, frames: readonly CaseFrame[], chop?: Chop): TestCase {
  const echo = frames
    .slice(0, 1)
    .map(({ payload = HELLO }): Expected => ({ type: 'text', payload: bytesOf(payload) }))
  return { ...refused(id, title, frames, chop), expected: echo, nonStrict: [[]] }
}

const HELLO = Buffer.from('Hello, world!')
const NOT_TEXT = Buffer.of(0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff)
const UNSOLICITED = Buffer.from('unsolicited pong payload')
const RESERVED = Buffer.from('reserved opcode payload')
