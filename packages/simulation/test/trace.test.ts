import { expect, test } from 'vitest'
import { shownPayload, Trace } from '../src/trace.ts'

test('Trace formats each packet and event as one line, with its time', () => {
  let nowMs = 0
  const trace = new Trace(() => nowMs)
  trace.note('server', 'starts')
  nowMs = 1.5
  trace.record('client', 'server', { what: 'SYN', lost: false, sentMs: 1 })
  trace.record('server', 'client', { what: 'SYN-ACK', lost: true, sentMs: 1 })
  expect(trace.toString()).toBe(
    '0.000 server starts\n1.500 client->server SYN\n1.500 server->client lost SYN-ACK',
  )
})

test('Trace shows the payload of its newest lines, and what hosts have logged', () => {
  const trace = new Trace(() => 1)
  const bytes = (payload: Buffer): void =>
    trace.record('a', 'b', { what: `${payload.length} bytes`, lost: false, sentMs: 0, payload })
  for (let count = 0; count < 100; count++) bytes(Buffer.from(`piece ${count}`))
  bytes(Buffer.alloc(0))
  trace.log('a', 'logs (warn) full')
  expect(trace.recentLines).toHaveLength(20)
  expect(trace.recentLines.slice(-3)).toEqual([
    '1.000 a->b 8 bytes "piece 99"',
    '1.000 a->b 0 bytes',
    '1.000 a logs (warn) full',
  ])
  expect(trace.lines).toHaveLength(101)
})

test('Trace drops the oldest arrows when there are more than it keeps', () => {
  const trace = new Trace(() => 1, 10)
  for (let count = 0; count < 35; count++) trace.note('a', String(count))
  expect(trace.arrows.map(({ what }) => Number(what))).toEqual([
    20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
  ])
  expect(trace.dropped).toBe(20)
})

test('shownPayload shows bytes as ASCII with escapes, and cuts long ones', () => {
  expect(shownPayload(Buffer.from('a "b" \\\r\n\t\0é'))).toBe(
    String.raw`"a \"b\" \\\r\n\t\x00\xc3\xa9"`.replaceAll('\\\\', '\\\\'),
  )
  expect(shownPayload(Buffer.alloc(61, 'x'))).toBe(`"${'x'.repeat(60)}"…`)
})
