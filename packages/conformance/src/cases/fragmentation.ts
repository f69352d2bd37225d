import { fragments, OPCODE } from '../driver/frame.ts'
import type { Chop } from '../driver/peer.ts'
import { refused } from './framing.ts'
import { type CaseFrame, type Expected, NORMAL_END, type TestCase } from './test-case.ts'

const { continuation, text, ping, pong } = OPCODE

/** Section 5: fragmented messages. */
export function fragmentCases(): readonly TestCase[] {
  return [...legalCases(), ...strayCases(), ...pausedCases()]
}

/** 5.3 to 5.8: text in two fragments, also with a ping between them. */
function legalCases(): readonly TestCase[] {
  return CHOPS.flatMap(([chop, how], at) => [
    echoed(`5.${3 + at}`, `text in two fragments${how}`, [BEGINS, ENDS], chop, [BOTH]),
    echoed(
      `5.${6 + at}`,
      `text in two fragments with a ping between them${how}`,
      [BEGINS, PINGED, ENDS],
      chop,
      [PONGED, BOTH],
    ),
  ])
}

/** The others until 5.18: fragments of control frames, and continuations of no message. */
function strayCases(): readonly TestCase[] {
  const stray = { opcode: continuation, payload: Buffer.from('non-continuation payload') }
  const hello = { opcode: text, payload: Buffer.from('Hello, world!') }
  const third = { opcode: continuation, payload: THREE, fin: false }
  return [
    refused('5.1', 'a ping in two fragments', fragments(ping, Buffer.concat([ONE, TWO]), ONE.length)),
    refused('5.2', 'a pong in two fragments', fragments(pong, Buffer.concat([ONE, TWO]), ONE.length)),
    ...[true, false].flatMap((fin, group) =>
      CHOPS.map(([chop, how], at) =>
        refused(
          `5.${9 + 3 * group + at}`,
          `a continuation ${fin ? 'with' : 'without'} FIN of no message, then text${how}`,
          [{ ...stray, fin }, hello],
          chop,
        ),
      ),
    ),
    {
      ...refused('5.15', 'text in two fragments, a continuation without FIN of no message, then text', [
        BEGINS,
        ENDS,
        third,
        { opcode: text, payload: FOUR },
      ]),
      expected: [BOTH],
      nonStrict: [[]],
    },
    ...[false, true].map((fin, at) =>
      refused(
        `5.${16 + at}`,
        `twice: a continuation ${fin ? 'with' : 'without'} FIN of no message, then text in two fragments`,
        [1, 2].flatMap(() => [{ opcode: continuation, payload: ONE, fin }, BEGINS, ENDS]),
      ),
    ),
    refused('5.18', 'text in two fragments that both have the opcode of text', [
      BEGINS,
      { opcode: text, payload: TWO },
    ]),
  ]
}

/** 5.19 and 5.20: the first pong must arrive before the message is complete. */
function pausedCases(): readonly TestCase[] {
  const pings = [Buffer.from('pongme 1!'), Buffer.from('pongme 2!')] as const
  const begin = [BEGINS, { ...ENDS, fin: false }, { opcode: ping, payload: pings[0] }]
  const rest = [
    { opcode: continuation, payload: THREE, fin: false },
    { opcode: continuation, payload: FOUR, fin: false },
    { opcode: ping, payload: pings[1] },
    { opcode: continuation, payload: FIVE },
  ]
  return (['together', 'frames'] as const).map((chop, at) => ({
    id: `5.${19 + at}`,
    title: `text in five fragments with two pings, and a wait${at === 0 ? '' : ', frame by frame'}`,
    steps: [
      { do: 'send', frames: begin, chop },
      { do: 'await-events', events: 1 },
      { do: 'send', frames: rest, chop },
    ],
    expected: [
      { type: 'pong', payload: pings[0] },
      { type: 'pong', payload: pings[1] },
      { type: 'text', payload: Buffer.concat([ONE, TWO, THREE, FOUR, FIVE]) },
    ],
    end: NORMAL_END,
  }))
}

function echoed(
  id: string,
  title: string,
  frames: readonly CaseFrame[],
  chop: Chop,
  expected: readonly Expected[],
): TestCase {
  return { id, title, steps: [{ do: 'send', frames, chop }], expected, end: NORMAL_END }
}

const ONE = Buffer.from('fragment1')
const TWO = Buffer.from('fragment2')
const THREE = Buffer.from('fragment3')
const FOUR = Buffer.from('fragment4')
const FIVE = Buffer.from('fragment5')
const BEGINS = { opcode: text, payload: ONE, fin: false }
const ENDS = { opcode: continuation, payload: TWO }
const PINGED = { opcode: ping, payload: Buffer.from('ping payload') }
const BOTH: Expected = { type: 'text', payload: Buffer.concat([ONE, TWO]) }
const PONGED: Expected = { type: 'pong', payload: PINGED.payload }
const CHOPS: readonly (readonly [Chop, string])[] = [
  ['together', ', sent at once'],
  ['frames', ', frame by frame'],
  [1, ', byte by byte'],
]
