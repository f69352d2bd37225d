import { describe, expect, test } from 'vitest'
import { recordConnection } from '../../src/policy/record-connection.ts'
import { parseRecording } from '../../src/policy/recording.ts'
import { PolicedServer } from './policies.ts'

describe('recordConnection', () => {
  test('writes what comes and goes, and when, as lines that can be read again', async () => {
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

  test('records no more of a connection than it may, and says so once', async () => {
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
