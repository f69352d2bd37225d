import { describe, expect, test } from 'vitest'
import { Protocol } from '../../src/protocol/protocol.ts'
import { connectedPair } from '../../src/testing/connected-pair.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data)
  }
}

class Recorder extends Protocol {
  readonly heard: string[] = []
  override dataReceived(data: Buffer): void {
    this.heard.push(data.toString())
  }
  override connectionLost(reason: Error): void {
    this.heard.push(reason.name)
  }
}

describe('StreamTransport', () => {
  test('joins what one turn wrote, and flushes before it closes', () => {
    const client = new Recorder()
    const pair = connectedPair(new Echo(), client)
    pair.client.write('a')
    pair.client.write('b')
    pair.reactor.pump()
    expect(client.heard).toEqual(['ab'])
    pair.server.write('bye')
    pair.server.loseConnection()
    pair.server.write('lost')
    pair.reactor.pump()
    expect(client.heard).toEqual(['ab', 'bye', 'ConnectionDone'])
    expect(pair.server.connected).toBe(false)
    expect(pair.reactor.getDelayedCalls()).toEqual([])
  })

  test('hands unread bytes to the next protocol once, before new ones', () => {
    const next = new Recorder()
    const transport = StringTransport.connect(
      new (class extends Protocol {
        override dataReceived(data: Buffer): void {
          this.transport.switchProtocol(next, data.subarray(2))
        }
      })(),
    )
    transport.receive('xxunread')
    transport.receive('new')
    expect(next.heard).toEqual(['unread', 'new'])
  })
})
