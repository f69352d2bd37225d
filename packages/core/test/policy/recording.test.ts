import { describe, expect, test } from 'vitest'
import {
  formatRecordedEvent,
  parseRecording,
  recordConnection,
  type Recording,
  RecordingError,
} from '../../src/policies.ts'
import { type TrafficEntry, TrafficLog } from '../../src/policy/recording.ts'
import { PolicedServer } from './policies.ts'

describe('recordConnection', () => {
  test('writes the bytes received and written, and when, as lines that can be parsed', async () => {
    const lines: string[] = []
    const server = await PolicedServer.listen({ policies: [recordConnection((line) => lines.push(line))] })
    const client = server.connect()
    server.reactor.advance(250)
    client.transport.write('hello')
    server.reactor.pump()
    client.transport.abortConnection()
    server.reactor.pump()
    expect(lines.every((line) => line.endsWith('\n') && line.trim().split('\n').length === 1)).toBe(true)
    const events = parseRecording(lines.join(''))
    const { connection, atMs } = events[0] ?? { connection: 0, atMs: 0 }
    expect(events).toEqual([
      { atMs, connection, what: 'opened', peer: expect.stringContaining('127.0.0.1:') },
      { atMs: atMs + 250, connection, what: 'received', bytes: Buffer.from('hello') },
      { atMs: atMs + 250, connection, what: 'written', bytes: Buffer.from('hello') },
      { atMs: atMs + 250, connection, what: 'closed', clean: false },
    ])
  })

  test('records at most maxBytes of a connection, and marks the cut once', async () => {
    const lines: string[] = []
    const policies = [recordConnection((line) => lines.push(line), { maxBytes: 8 })]
    const server = await PolicedServer.listen({ policies })
    const client = server.connect()
    for (const piece of ['hello', 'hello', 'hello']) {
      client.transport.write(piece)
      server.reactor.pump()
    }
    client.transport.loseConnection()
    server.reactor.pump()
    const events = parseRecording(lines.join(''))
    expect(events.map(({ what }) => what)).toEqual(['opened', 'received', 'written', 'cut short', 'closed'])
    expect(events[2]).toMatchObject({ bytes: Buffer.from('hel') })
  })
})

const RECORDING: Recording = [
  { atMs: 1.5, connection: 1, what: 'opened', peer: '127.0.0.1:5000' },
  { atMs: 2, connection: 1, what: 'received', bytes: Buffer.from([0, 255, 10]) },
  { atMs: 3, connection: 1, what: 'written', bytes: Buffer.from('hello') },
  { atMs: 4, connection: 1, what: 'cut short' },
  { atMs: 5, connection: 1, what: 'closed', clean: false },
]

describe('a recording', () => {
  test('is lines of JSON that parse to the same events', () => {
    const lines = RECORDING.map(formatRecordedEvent)
    expect(lines[1]).toBe('{"atMs":2,"connection":1,"what":"received","bytes":"AP8K"}')
    expect(parseRecording(lines.join('\n'))).toEqual(RECORDING)
    expect(parseRecording(`${lines.join('\n')}\n`)).toEqual(RECORDING)
    expect(parseRecording('')).toEqual([])
  })

  test.each([
    ['{', 'it is not a JSON object'],
    ['null', 'it is not a JSON object'],
    ['{"what":"closed","clean":true}', 'it needs the numbers atMs and connection'],
    ['{"atMs":1,"connection":1}', 'is missing or wrong (undefined)'],
    ['{"atMs":1,"connection":1,"what":"opened"}', 'is missing or wrong (opened)'],
    ['{"atMs":1,"connection":1,"what":"closed","clean":1}', 'is missing or wrong (closed)'],
    ['{"atMs":1,"connection":1,"what":"received","bytes":"A"}', 'is missing or wrong (received)'],
    ['', 'it is not a JSON object'],
  ])('is refused for a line like %s', (line, why) => {
    const parse = (): unknown => parseRecording(`{"atMs":1,"connection":1,"what":"cut short"}\n${line}\n`)
    expect(parse).toThrow(RecordingError)
    expect(parse).toThrow(`Cannot read line 2 of the recording: `)
    expect(parse).toThrow(why)
  })
})

test('TrafficLog logs both directions of every connection, and its end', async () => {
  const entries: TrafficEntry[] = []
  const server = await PolicedServer.listen({ policies: [new TrafficLog((entry) => entries.push(entry))] })
  const client = server.connect()
  client.transport.write('hello')
  server.reactor.pump()
  client.transport.loseConnection()
  server.reactor.pump()
  expect(entries.map(({ what, data, reason }) => [what, data?.toString() ?? reason?.name])).toEqual([
    ['accepted', undefined],
    ['received', 'hello'],
    ['written', 'hello'],
    ['closed', 'ConnectionDone'],
  ])
  expect(new Set(entries.map(({ connection }) => connection)).size).toBe(1)
})
