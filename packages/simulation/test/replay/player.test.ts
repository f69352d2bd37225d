import { Factory, LineReceiver } from '@ropewalk/core'
import type { Recording } from '@ropewalk/core/policies'
import { describe, expect, test } from 'vitest'
import { play } from '../../src/replay/player.ts'

describe('play', () => {
  test('plays the chunks of each connection at their times, and returns the bytes written', async () => {
    const received: string[] = []
    class Upper extends LineReceiver {
      override lineReceived(line: Buffer): void {
        const { id, reactor } = this.transport
        received.push(`${line.toString()} at ${reactor.now()}`)
        this.sendLine(line.toString().toUpperCase())
        if (line.toString() === 'bye') this.transport.loseConnection()
        else expect(id).toBeGreaterThan(0)
      }
    }
    const recording: Recording = [
      { atMs: 500, connection: 4, what: 'received', bytes: Buffer.from('hello\r\n') },
      { atMs: 700, connection: 9, what: 'opened', peer: 'another' },
      { atMs: 800, connection: 9, what: 'received', bytes: Buffer.from('b') },
      { atMs: 900, connection: 4, what: 'received', bytes: Buffer.from('again\r\n') },
      { atMs: 900, connection: 9, what: 'received', bytes: Buffer.from('ye\r\n') },
      { atMs: 1000, connection: 4, what: 'closed', clean: false },
    ]
    const { written, error } = await play(recording, Factory.forProtocol(Upper))
    expect(received).toEqual(['hello at 0', 'again at 400', 'bye at 400'])
    expect(Array.from(written, ([connection, bytes]) => [connection, bytes.toString()])).toEqual([
      [4, 'HELLO\r\nAGAIN\r\n'],
      [9, 'BYE\r\n'],
    ])
    expect(error).toBeUndefined()
  })

  test('returns the event that was logged as an error', async () => {
    class Failing extends LineReceiver {
      override lineReceived(): void {
        throw new Error('no lines today')
      }
    }
    const recording: Recording = [{ atMs: 0, connection: 1, what: 'received', bytes: Buffer.from('x\r\n') }]
    const { error } = await play(recording, Factory.forProtocol(Failing))
    expect(error?.error).toMatchObject({ message: 'no lines today' })
  })
})
