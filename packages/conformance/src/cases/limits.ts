import { OPCODE } from '../driver/frame.ts'
import { NORMAL_END, type Payload, type TestCase } from './test-case.ts'

/** How much work the cases of sections 9, 12 and 13 are. */
export interface Scale {
  /** The size of the messages of section 9 is divided by this. */
  readonly divisor: number
  /** The number of messages of the cases that exchange many. */
  readonly messages: number
}

/** The sizes and counts of the public list. */
export const FULL: Scale = { divisor: 1, messages: 1_000 }
/** For every run of the tests: messages of up to 1 MiB, and few of them. */
export const REDUCED: Scale = { divisor: 16, messages: 3 }

/** Section 9: large messages, many fragments, small pieces, many messages. */
export function limitCases(scale: Scale): readonly TestCase[] {
  return KINDS.flatMap((kind, group) => {
    const sizes = [64, 256, 1024, 4096, 8192, 16_384].map((kibibytes, at) =>
      large(kind, scale, `9.${1 + group}.${at + 1}`, kibibytes * 1024),
    )
    const fragmented = Array.from({ length: 9 }, (_, at) =>
      inFragments(kind, scale, `9.${3 + group}.${at + 1}`, 64 * 4 ** at),
    )
    const chopped = Array.from({ length: 6 }, (_, at) =>
      inPieces(kind, scale, `9.${5 + group}.${at + 1}`, 64 * 2 ** at),
    )
    const repeated = [0, 16, 64, 256, 1024, 4096].map((bytes, at) =>
      many(kind, scale, `9.${7 + group}.${at + 1}`, bytes),
    )
    return [sizes, fragmented, chopped, repeated].flat()
  })
}

/** Section 10: a message that the driver's fragmentation cuts unevenly. */
export function unevenCases(): readonly TestCase[] {
  const payload = { repeat: Buffer.from('*'), bytes: 65_536 }
  return [
    {
      id: '10.1.1',
      title: 'text of 65536 bytes in fragments of 1300',
      steps: [{ do: 'send-fragments', opcode: OPCODE.text, payload, fragmentBytes: 1_300 }],
      expected: [{ type: 'text', payload }],
      end: NORMAL_END,
    },
  ]
}

interface Kind {
  readonly type: 'text' | 'bytes'
  readonly opcode: number
  readonly repeat: Uint8Array
}

function large(kind: Kind, scale: Scale, id: string, bytes: number): TestCase {
  const { opcode, type } = kind
  const payload = payloadOf(kind, scale, bytes)
  return {
    id,
    title: `a ${type} message of ${payload.bytes} bytes`,
    steps: [{ do: 'send', frames: [{ opcode, payload }] }],
    expected: [{ type, payload }],
    end: NORMAL_END,
  }
}

function inFragments(kind: Kind, scale: Scale, id: string, fragmentBytes: number): TestCase {
  const { opcode, type } = kind
  const payload = payloadOf(kind, scale, 4 << 20)
  return {
    id,
    title: `a ${type} message of ${payload.bytes} bytes in fragments of ${fragmentBytes}`,
    steps: [{ do: 'send-fragments', opcode, payload, fragmentBytes }],
    expected: [{ type, payload }],
    end: NORMAL_END,
  }
}

function inPieces(kind: Kind, scale: Scale, id: string, chop: number): TestCase {
  const { opcode, type } = kind
  const payload = payloadOf(kind, scale, 1 << 20)
  return {
    id,
    title: `a ${type} message of ${payload.bytes} bytes in pieces of ${chop}`,
    steps: [{ do: 'send', frames: [{ opcode, payload }], chop }],
    expected: [{ type, payload }],
    end: NORMAL_END,
  }
}

function many({ type, repeat }: Kind, { messages: count }: Scale, id: string, bytes: number): TestCase {
  return {
    id,
    title: `${count} ${type} messages of ${bytes} bytes, one after another`,
    steps: [{ do: 'exchange', messages: { kind: type, source: repeat, bytes, count, fragmentBytes: 0 } }],
    expected: [{ type: 'exchanged', messages: count }],
    end: NORMAL_END,
  }
}

function payloadOf({ repeat }: Kind, { divisor }: Scale, bytes: number): Extract<Payload, { bytes: number }> {
  return { repeat, bytes: bytes / divisor }
}

const KINDS: readonly Kind[] = [
  { type: 'text', opcode: OPCODE.text, repeat: Buffer.from('BAsd7&jh23') },
  { type: 'bytes', opcode: OPCODE.binary, repeat: Buffer.from('\0\xfe\x80binary', 'latin1') },
]
