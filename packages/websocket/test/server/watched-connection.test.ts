import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { WatchedChannel } from '../../src/connection/channel-watch.ts'
import type { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { HeldBytes } from '../../src/server/held-bytes.ts'
import { WatchedConnection } from '../../src/server/watched-connection.ts'

class Channel implements WatchedChannel {
  readonly reactor = new MemoryReactor()
  readonly calls: string[] = []
  open = true
  heldBytes = 0
  close(code: number): void {
    this.calls.push(`close ${code}`)
    this.open = false
  }
  closeAfterCallbacks(code: number): Promise<void> {
    this.calls.push(`close after callbacks ${code}`)
    return Promise.resolve()
  }
  abort(): void {
    this.calls.push('abort')
  }
  readOn(): void {
    this.calls.push('read on')
  }
}

function watched(): { connection: WatchedConnection; heldBytes: HeldBytes; released: () => number } {
  let released = 0
  const heldBytes = new HeldBytes(1_000, () => 1)
  const connection = new WatchedConnection({
    maxLifetimeMs: 60_000,
    closeTimeoutMs: 5_000,
    maxMessagesPerSecond: 1,
    maxBytesPerSecond: Infinity,
    heldBytes,
    connections: new Set<WebSocketProtocol>(),
    released: () => released++,
  })
  return { connection, heldBytes, released: () => released }
}

describe('WatchedConnection', () => {
  test('forgets at its end what it held, its deadlines and its place, once', () => {
    const { connection, heldBytes, released } = watched()
    const channel = new Channel()
    connection.opened(channel)
    connection.bytesRead(10, true)
    channel.heldBytes = 10
    connection.heldMore()
    expect(heldBytes.totalBytes).toBe(10)
    expect(connection.tooFast).toBe(true)
    connection.lost()
    connection.lost()
    expect([heldBytes.totalBytes, released(), connection.tooFast]).toEqual([0, 1, false])
    expect(channel.reactor.getDelayedCalls()).toEqual([])
    connection.heldMore()
    connection.refused()
    expect(heldBytes.totalBytes).toBe(0)
    expect(channel.calls).toEqual([])
  })

  test('closes once with 1013 when it is refused, and aborts when the close frame is not sent in time', () => {
    const { connection } = watched()
    const channel = new Channel()
    connection.opened(channel)
    channel.heldBytes = 1_001
    connection.heldMore()
    channel.heldBytes = 1_002
    connection.heldMore()
    expect(channel.calls).toEqual(['close 1013'])
    channel.reactor.advance(5_200)
    expect(channel.calls).toEqual(['close 1013', 'abort'])
    connection.lost()
  })

  test('can end before it has opened', () => {
    const { connection, released } = watched()
    connection.lost()
    expect(released()).toBe(1)
  })
})
