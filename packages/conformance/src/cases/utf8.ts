import { fragments, OPCODE } from '../driver/frame.ts'
import { INVALID_PAYLOAD, NORMAL_END, type Step, type TestCase } from './test-case.ts'

/** Section 6: text that is UTF-8, and text that is not. */
export function utf8Cases(): readonly TestCase[] {
  return [...validCases(), ...invalidCases(), ...failFastCases(), ...sequenceCases()]
}

/** 6.1 and 6.2. */
function validCases(): readonly TestCase[] {
  const middle = Buffer.from('middle frame payload')
  const boundary = Buffer.byteLength('Hello-µ@ßöä')
  const { text, continuation } = OPCODE
  const emptyFirst = { opcode: text, payload: NOTHING, fin: false }
  const emptyLast = { opcode: continuation, payload: NOTHING }
  return [
    echoed('6.1.1', 'text of 0 bytes', NOTHING),
    echoed('6.1.2', 'text of three fragments of 0 bytes', NOTHING, [
      { do: 'send', frames: [emptyFirst, { ...emptyLast, fin: false }, emptyLast] },
    ]),
    echoed('6.1.3', 'text of three fragments, of which only the second has bytes', middle, [
      { do: 'send', frames: [emptyFirst, { opcode: continuation, payload: middle, fin: false }, emptyLast] },
    ]),
    echoed('6.2.1', 'UTF-8 in one frame', GREETING),
    echoed('6.2.2', 'UTF-8 in two fragments, cut between characters', GREETING, [
      { do: 'send', frames: fragments(text, GREETING, boundary) },
    ]),
    echoed('6.2.3', 'UTF-8 in fragments of one byte', GREETING, [
      { do: 'send', frames: fragments(text, GREETING, 1) },
    ]),
    echoed('6.2.4', 'UTF-8 of three bytes a character in fragments of one byte', COSMOS, [
      { do: 'send', frames: fragments(text, COSMOS, 1) },
    ]),
  ]
}

/** 6.3. */
function invalidCases(): readonly TestCase[] {
  const payload = Buffer.concat([COSMOS, bytes('eda080'), EDITED])
  return [
    refused('6.3.1', 'text with a surrogate in one frame', [
      { do: 'send', frames: [{ opcode: OPCODE.text, payload }] },
    ]),
    refused('6.3.2', 'text with a surrogate in fragments of one byte', [
      { do: 'send', frames: fragments(OPCODE.text, payload, 1) },
    ]),
  ]
}

/** 6.4: the peer should refuse the second part when it arrives, and not only the whole message. */
function failFastCases(): readonly TestCase[] {
  const parts = [COSMOS, bytes('f4908080'), EDITED]
  const payload = Buffer.concat(parts)
  const early = [payload.subarray(0, 12), payload.subarray(12, 13), payload.subarray(13)]
  const first = { name: 'A', length: 'short' } as const
  const second = { name: 'B', length: 'long' } as const
  const inFragments = ([
    one = NOTHING,
    two = NOTHING,
    three = NOTHING,
  ]: readonly Buffer[]): readonly Step[] => [
    { do: 'send', frames: [{ opcode: OPCODE.text, payload: one, fin: false }] },
    { do: 'wait', wait: first },
    { do: 'send', frames: [{ opcode: OPCODE.continuation, payload: two, fin: false }] },
    { do: 'wait', wait: second },
    { do: 'send', frames: [{ opcode: OPCODE.continuation, payload: three }] },
  ]
  const inPieces = ([one = NOTHING, two = NOTHING]: readonly Buffer[]): readonly Step[] => [
    {
      do: 'send-cut',
      frame: { opcode: OPCODE.text, payload },
      cuts: [
        { at: one.length, wait: first },
        { at: one.length + two.length, wait: second },
      ],
    },
  ]
  const failFast = (number: number, title: string, steps: readonly Step[]): TestCase => ({
    ...refused(`6.4.${number}`, title, steps),
    expected: [{ type: 'wait', name: 'A' }],
    nonStrict: [
      [
        { type: 'wait', name: 'A' },
        { type: 'wait', name: 'B' },
      ],
    ],
  })
  return [
    failFast(1, 'a character beyond U+10FFFF in the second of three fragments', inFragments(parts)),
    failFast(2, 'the first byte that cannot be valid as the second of three fragments', inFragments(early)),
    failFast(3, 'a character beyond U+10FFFF in the second of three pieces of a frame', inPieces(parts)),
    failFast(
      4,
      'the first byte that cannot be valid as the second of three pieces of a frame',
      inPieces(early),
    ),
  ]
}

/** 6.5 to 6.23: sequences of a well-known test file for decoders of UTF-8, each as one message. */
function sequenceCases(): readonly TestCase[] {
  return SEQUENCES.flatMap(([what, sequences], group) =>
    sequences.map((sequence, at) => {
      const valid = !sequence.startsWith('!')
      const payload = bytes(sequence.replace('!', ''))
      const id = `6.${5 + group}.${at + 1}`
      const title = `${what}: ${sequence.length > 40 ? `${payload.length} bytes` : payload.toString('hex')}`
      if (valid) return echoed(id, title, payload)
      return refused(id, title, [{ do: 'send', frames: [{ opcode: OPCODE.text, payload }] }])
    }),
  )
}

function echoed(
  id: string,
  title: string,
  payload: Buffer,
  steps: readonly Step[] = [{ do: 'send', frames: [{ opcode: OPCODE.text, payload }] }],
): TestCase {
  return { id, title, steps, expected: [{ type: 'text', payload }], end: NORMAL_END }
}

function refused(id: string, title: string, steps: readonly Step[]): TestCase {
  return { id, title, steps, expected: [], end: INVALID_PAYLOAD }
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

/** Each byte from `first` to `last`, in hexadecimal, with `after` behind it. */
function range(first: number, last: number, after: string = ''): string {
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at).toString(16) + after).join('')
}

const NOTHING = Buffer.alloc(0)
const GREETING = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!')
/** `κόσμε`, with an accent that takes three bytes. */
const COSMOS = bytes('cebae1bdb9cf83cebcceb5')
const EDITED = Buffer.from('edited')
const HEX = COSMOS.toString('hex')
const WORLD = ['hello', 'world'].map((word) => Buffer.from(word).toString('hex')) as [string, string]
/** Numbers of bytes at which COSMOS is cut between characters. */
const WHOLE: ReadonlySet<number> = new Set([2, 5, 7, 9, 11])
const CUT_SHORT = [
  'c0',
  'e080',
  'f08080',
  'f8808080',
  'fc80808080',
  'df',
  'efbf',
  'f7bfbf',
  'fbbfbfbf',
  'fdbfbfbfbf',
]

/** The last two characters of each plane, which are noncharacters: valid UTF-8 all the same. */
function nonCharacters(): readonly string[] {
  const planes = Array.from({ length: 17 }, (_, plane) => plane * 0x10000)
  return planes.flatMap((plane) =>
    [0xfffe, 0xffff].map((last) => Buffer.from(String.fromCodePoint(plane + last)).toString('hex')),
  )
}

/** The groups, in order from 6.5. The sequences are in hexadecimal; `!` marks those that are not UTF-8. */
const SEQUENCES: readonly (readonly [what: string, sequences: readonly string[]])[] = [
  [
    'characters of one to four bytes',
    [...['24', 'c2a2', 'e282ac', 'f0a4ada2'].map((x) => WORLD.join(x)), HEX],
  ],
  [
    'a prefix of UTF-8',
    Array.from(
      { length: COSMOS.length },
      (_, at) => (WHOLE.has(at + 1) ? '' : '!') + HEX.slice(0, 2 * at + 2),
    ),
  ],
  ['the first character of a length', ['00', 'c280', 'e0a080', 'f0908080']],
  ['the first sequence of five or six bytes', ['!f888808080', '!fc8480808080']],
  ['the last character of a length', ['7f', 'dfbf', 'efbfbf', 'f48fbfbf']],
  ['the last sequence of four to six bytes', ['!f7bfbfbf', '!fbbfbfbfbf', '!fdbfbfbfbfbf']],
  ['a boundary', ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf', '!f4908080']],
  [
    'unexpected continuation bytes',
    ['!80', '!bf', '!80bf', '!80bf80', '!80bf80bf', '!80bf80bf80', '!80bf80bf80bf', `!${range(0x80, 0xbe)}`],
  ],
  [
    'first bytes alone, with blanks',
    [
      [0xc0, 0xde],
      [0xe0, 0xee],
      [0xf0, 0xf6],
      [0xf8, 0xfa],
      [0xfc, 0xfc],
    ].map(([first = 0, last = 0]) => `!${range(first, last, '20')}`),
  ],
  ['the last continuation byte missing', CUT_SHORT.map((sequence) => `!${sequence}`)],
  ['sequences cut short, joined', [`!${CUT_SHORT.join('')}`]],
  ['bytes that never occur', ['!fe', '!ff', '!fefeffff']],
  ['an overlong slash', ['!c0af', '!e080af', '!f08080af', '!f8808080af', '!fc80808080af']],
  ['the longest overlong sequence', ['!c1bf', '!e09fbf', '!f08fbfbf', '!f887bfbfbf', '!fc83bfbfbfbf']],
  ['an overlong NUL', ['!c080', '!e08080', '!f0808080', '!f880808080', '!fc8080808080']],
  ['a surrogate alone', ['!eda080', '!edadbf', '!edae80', '!edafbf', '!edb080', '!edbe80', '!edbfbf']],
  [
    'a pair of surrogates',
    ['eda080', 'edadbf', 'edae80', 'edafbf'].flatMap((high) => [`!${high}edb080`, `!${high}edbfbf`]),
  ],
  ['a noncharacter', nonCharacters()],
  ['a special character', ['efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd', 'efbfbe', 'efbfbf']],
]
