import { expect, test } from 'vitest'
import { Trace } from '../src/trace.ts'

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
