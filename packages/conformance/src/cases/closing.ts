import { OPCODE } from '../driver/frame.ts'
import { closePayload } from '../driver/peer.ts'
import { type CaseFrame, type Expected, type ExpectedEnd, NORMAL_END, type TestCase } from './test-case.ts'

/** Section 7: the closing handshake. In each case the driver sends the first close frame. */
export function closingCases(): readonly TestCase[] {
  return [
    ...orderCases(),
    ...payloadCases(),
    ...codeCases(7, VALID_CODES, (code) => ({ closedBy: 'us', codes: [1000, code], clean: true })),
    ...codeCases(9, INVALID_CODES, () => REFUSED),
    ...codeCases(13, OPEN_CODES, () => REFUSED).map(openCase),
  ]
}

/** 7.1: what follows a close frame is ignored. */
function orderCases(): readonly TestCase[] {
  const { text, continuation, ping } = OPCODE
  const hello = { opcode: text, payload: HELLO }
  const large = { opcode: text, payload: { repeat: Buffer.from('BAsd7&jh23'), bytes: 256 * 1024 } }
  const normal = close(closePayload(1000))
  const echo: Expected = { type: 'text', payload: HELLO }
  return [
    closed('7.1.1', 'text, then a close frame', [hello, normal], NORMAL_END, [echo]),
    closed('7.1.2', 'two close frames', [normal, close()]),
    closed('7.1.3', 'a ping after a close frame', [normal, { opcode: ping }]),
    closed('7.1.4', 'text after a close frame', [normal, hello]),
    closed('7.1.5', 'a close frame between two fragments', [
      { opcode: text, payload: HELLO, fin: false },
      normal,
      { opcode: continuation, payload: HELLO },
    ]),
    openCase(
      closed('7.1.6', 'text of 256 KiB, text, a close frame and a ping', [
        large,
        hello,
        normal,
        { opcode: ping },
      ]),
    ),
  ]
}

/** 7.3 and 7.5: the content of a close frame. */
function payloadCases(): readonly TestCase[] {
  const ofLength = (bytes: number): Buffer => closePayload(1000, Buffer.alloc(bytes, '*'))
  const notText = Buffer.concat([Buffer.from('κόσμε'), Buffer.from('eda080', 'hex'), Buffer.from('edited')])
  return [
    closed('7.3.1', 'a close frame of 0 bytes', [close()]),
    closed('7.3.2', 'a close frame of 1 byte', [close(Buffer.from('a'))], REFUSED),
    closed('7.3.3', 'a close frame with a code', [close(closePayload(1000))]),
    closed('7.3.4', 'a close frame with a code and a reason', [close(closePayload(1000, HELLO))]),
    closed('7.3.5', 'a close frame with a reason of 123 bytes', [close(ofLength(123))]),
    closed('7.3.6', 'a close frame with a reason of 124 bytes', [close(ofLength(124))], REFUSED),
    closed('7.5.1', 'a close frame with a reason that is not UTF-8', [close(closePayload(1000, notText))], {
      ...REFUSED,
      codes: [1002, 1007],
    }),
  ]
}

/** 7.7, 7.9 and 7.13: the codes. */
function codeCases(
  group: number,
  codes: readonly number[],
  endFor: (code: number) => ExpectedEnd,
): readonly TestCase[] {
  return codes.map((code, at) => {
    const frames = [close(closePayload(code))]
    return closed(`7.${group}.${at + 1}`, `a close frame with the code ${code}`, frames, endFor(code))
  })
}

/** The RFC leaves the reaction open. */
function openCase(one: TestCase): TestCase {
  return { ...one, informational: true }
}

function closed(
  id: string,
  title: string,
  frames: readonly CaseFrame[],
  end: ExpectedEnd = NORMAL_END,
  expected: readonly Expected[] = [],
): TestCase {
  return { id, title, steps: [{ do: 'send', frames }], expected, end }
}

function close(payload?: Buffer): CaseFrame {
  return { opcode: OPCODE.close, payload }
}

const HELLO = Buffer.from('Hello World!')
const VALID_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
/** Beyond every range of the RFC. */
const OPEN_CODES = [5000, 65_535]
const INVALID_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]
/** The peer may reply with 1002, or drop the connection. */
const REFUSED: ExpectedEnd = { closedBy: 'us', codes: [1002], clean: false }
