import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { broadcast } from '../../src/topics/broadcast.ts'
import { prepareMessage } from '../../src/connection/prepared-message.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { closing, serverFrame } from '../websocket-exchange.ts'
import { Client, LARGE } from './clients.ts'

const reactor = new MemoryReactor()

function clients(count: number): Client[] {
  return Array.from({ length: count }, () => new Client(reactor))
}

describe('broadcast', () => {
  test('sends a string as text, bytes as a binary message, and a prepared message as it is', () => {
    const all = clients(2)
    expect(broadcast(all, 'a')).toEqual({ sent: 2, skipped: [] })
    broadcast(new Set(all), Uint8Array.of(1, 2))
    broadcast(
      all.map(({ transport }) => transport),
      prepareMessage('p'),
    )
    for (const client of all) {
      expect(client.bytes()).toEqual(
        Buffer.concat([serverFrame(1, 'a'), serverFrame(2, Uint8Array.of(1, 2)), serverFrame(1, 'p')]),
      )
    }
  })

  test('leaves out connections that are closing or gone', async () => {
    const [open, closed, gone] = clients(3)
    closed?.transport.loseConnection()
    gone?.reset()
    expect(broadcast([open, closed, gone] as Client[], 'a')).toEqual({ sent: 1, skipped: [] })
    expect(open?.payloads()).toEqual(['a'])
    expect(closed?.payloads()).toEqual(['close 1000'])
  })

  test('leaves out a protocol whose WebSocket has not opened yet', () => {
    class Early extends WebSocketProtocol {}
    const [one, other] = clients(2) as [Client, Client]
    expect(broadcast([one, new Early(), other], 'a')).toEqual({ sent: 2, skipped: [] })
    expect(other.payloads()).toEqual(['a'])
  })

  test('skips a connection for which more than slowBytes wait, and reports it', async () => {
    const [quick, slow] = clients(2) as [Client, Client]
    slow.block()
    slow.transport.sendBytesMessage(Buffer.alloc(1000 - 4))
    reactor.pump()
    expect(slow.transport.bufferedBytes).toBe(1000)
    expect(broadcast([quick, slow], 'at the bound', { slowBytes: 1000 })).toEqual({ sent: 2, skipped: [] })
    const { sent, skipped } = broadcast([quick, slow], 'beyond', { slowBytes: 1000 })
    expect([sent, skipped]).toEqual([1, [slow]])
    expect(quick.payloads()).toEqual(['at the bound', 'beyond'])
    await slow.unblock()
    expect(slow.payloads().at(-1)).toBe('at the bound')
    expect(broadcast([slow], 'again')).toEqual({ sent: 1, skipped: [] })
  })

  test('closes a slow connection with 1013 on request, or queues for it', async () => {
    const [closed, queued] = clients(2) as [Client, Client]
    for (const client of [closed, queued]) {
      client.block()
      client.transport.sendTextMessage(LARGE)
    }
    expect(broadcast([closed], 'a', { slow: 'close' })).toEqual({ sent: 0, skipped: [closed] })
    expect(closed.transport.open).toBe(false)
    expect(broadcast([queued], 'a', { slow: 'queue' })).toEqual({ sent: 1, skipped: [] })
    await closed.unblock()
    await queued.unblock()
    expect(closed.bytes().subarray(-closing(1013, 'Reads too slowly').length - 2)).toEqual(
      serverFrame(8, closing(1013, 'Reads too slowly')),
    )
    expect(queued.payloads()).toEqual([LARGE, 'a'])
  })

  test('sends to the connections of the call, also if they leave the set meanwhile', () => {
    const all = new Set(clients(3))
    for (const client of all) {
      client.block()
      client.transport.sendTextMessage(LARGE)
      client.transport.attachProducer(
        // Stopped by the close frame, within the broadcast.
        { pauseProducing() {}, resumeProducing() {}, stopProducing: () => all.delete(client) },
        true,
      )
    }
    expect(broadcast(all, 'a', { slow: 'close' }).skipped.length).toBe(3)
    expect(all.size).toBe(0)
  })

  test('checks its arguments before it sends anything', () => {
    const [client] = clients(1) as [Client]
    expect(() => broadcast([client, {} as Client], 'a')).toThrow(
      'Cannot take connections[1] for broadcast: give protocols or transports of WebSockets',
    )
    expect(() => broadcast([client], 1 as never)).toThrow('Cannot prepare number as a message')
    expect(() => broadcast([client], 'a', { slow: 'drop' as never })).toThrow(RangeError)
    expect(() => broadcast([client], 'a', { slowBytes: -1 })).toThrow(RangeError)
    expect(() => broadcast([client], 'a', { slowly: true } as never)).toThrow('unknown option')
    expect(client.payloads()).toEqual([])
  })
})
