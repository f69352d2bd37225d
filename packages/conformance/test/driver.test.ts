import { describe, expect, test } from 'vitest'
import { agreementOf, deflateHeader, MessageDeflate, readDeflate } from '../src/driver/deflate.ts'
import { encodeFrame, FrameReader, OPCODE, PeerViolation } from '../src/driver/frame.ts'
import { readHead } from '../src/driver/handshake.ts'
import { judge } from '../src/run/verdict.ts'
import { NORMAL_END, type TestCase } from '../src/cases/test-case.ts'

const OFFER = { client_max_window_bits: true } as const

describe('the driver of the suite', () => {
  test.each([true, false])('reads the frames it writes, cut anywhere (masked: %s)', (masked) => {
    for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
      const payload = Buffer.alloc(length, 'pattern')
      const bytes = encodeFrame({ opcode: OPCODE.binary, payload, fin: false, rsv: 4 }, masked)
      for (const cut of [1, 2, 3, 7, 15, length]) {
        const reader = new FrameReader(masked)
        reader.push(Buffer.from(bytes.subarray(0, cut)))
        const early = reader.next()
        reader.push(Buffer.from(bytes.subarray(cut)))
        const read = early ?? reader.next()
        expect(read).toHaveProperty('rsv', 4)
        expect(read?.payload.equals(payload)).toBe(true)
        expect(reader.next()).toBeUndefined()
      }
    }
  })

  test.each([
    ['a masked frame of a server', '8180000000'],
    ['a reserved opcode', '8300'],
    ['a fragmented ping', '0900'],
    ['a long ping', '897e007e'],
    ['a length of 2 bytes that is not minimal', '827e007d'],
    ['a length of 8 bytes that is not minimal', '827f000000000000ffff'],
  ])('finds %s', (_, hex) => {
    const reader = new FrameReader(false)
    reader.push(Buffer.from(hex, 'hex'))
    expect(() => reader.next()).toThrow(PeerViolation)
  })

  test.each([
    ['client_max_window_bits that was not offered', {}, { client_max_window_bits: '9' }],
    ['a larger window than was asked for', { server_max_window_bits: '9' }, { server_max_window_bits: '10' }],
    ['a context that was to be dropped', { server_no_context_takeover: true as const }, {}],
    ['a window without a value', OFFER, { client_max_window_bits: true as const }],
  ])('refuses a response with %s', (_, offer, response) => {
    expect(() => agreementOf(offer, response)).toThrow(PeerViolation)
  })

  test.each(['permessage-deflate; x', 'permessage-deflate; server_max_window_bits=016'])(
    'refuses %s',
    (header) => {
      expect(() => readDeflate(header)).toThrow(PeerViolation)
    },
  )

  test.each([
    { server_max_window_bits: '8', server_no_context_takeover: true as const },
    { server_max_window_bits: '15', client_max_window_bits: '9' },
    {},
  ])('decompresses what it compresses with %o', async (response) => {
    const offer = { ...OFFER, ...response, client_max_window_bits: true } as const
    expect(readDeflate(deflateHeader(response))).toEqual([response])
    const agreement = agreementOf(offer, response)
    const [server, client] = [
      new MessageDeflate('server', agreement),
      new MessageDeflate('client', agreement),
    ]
    for (const message of ['', 'hello hello hello', 'x'.repeat(100_000), 'hello hello hello']) {
      expect(String(await client.decompress(await server.compress(Buffer.from(message))))).toBe(message)
      expect(String(await server.decompress(await client.compress(Buffer.from(message))))).toBe(message)
    }
    await expect(client.decompress(Buffer.from('ffffff', 'hex'))).rejects.toThrow('malformed')
    server.close()
  })

  test('reads the head of a message, and what follows it', () => {
    expect(readHead(Buffer.from('HTTP/1.1 101 X\r\nA: b\r\n'))).toBeUndefined()
    const head = readHead(Buffer.from('HTTP/1.1 101 X\r\nA: b\r\na: c\r\n\r\n\x81'))
    expect([head?.fields.get('a'), head?.rest.length]).toEqual(['b, c', 2])
  })
})

describe('judge', () => {
  const payload = Buffer.from('x')
  const testCase: TestCase = {
    id: '1.1.1',
    title: 'text',
    steps: [],
    expected: [{ type: 'text', payload }],
    nonStrict: [[]],
    end: NORMAL_END,
  }
  const ending = {
    closedBy: 'us',
    clean: true,
    peerCode: 1000,
    droppedByUs: false,
    violation: undefined,
  } as const

  test.each([
    ['OK', [{ type: 'text', payload }], {}],
    ['NON-STRICT', [], {}],
    ['FAILED', [{ type: 'bytes', payload }], {}],
    [
      'FAILED',
      [
        { type: 'text', payload },
        { type: 'pong', payload },
      ],
      {},
    ],
    ['FAILED', [{ type: 'text', payload }], { peerCode: 1002 }],
    ['FAILED', [{ type: 'text', payload }], { clean: false }],
    ['FAILED', [{ type: 'text', payload }], { closedBy: 'peer' }],
    ['FAILED', [{ type: 'text', payload }], { droppedByUs: true }],
    ['FAILED', [{ type: 'text', payload }], { violation: 'It sent nonsense' }],
  ] as const)('returns %s for %o and an end with %o', (outcome, events, change) => {
    expect(judge(testCase, events, { ...ending, ...change }).outcome).toBe(outcome)
  })

  test('accepts a close frame without a code', () => {
    expect(judge({ ...testCase, expected: [] }, [], { ...ending, peerCode: undefined }).outcome).toBe('OK')
  })
})
