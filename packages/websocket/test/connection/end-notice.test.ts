import { ConnectionAborted, type ConnectionClosed, ConnectionDone, ConnectionLost } from '@ropewalk/core'
import type { TriggerId } from '@ropewalk/core/reactor'
import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { NO_FRAMES } from '../../src/connection/closing-handshake.ts'
import { EndNotice } from '../../src/connection/end-notice.ts'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'

function notice(): { reactor: MemoryReactor; notice: EndNotice; notified: WebSocketClosed[] } {
  const reactor = new MemoryReactor()
  const notified: WebSocketClosed[] = []
  return { reactor, notice: new EndNotice(reactor, (reason) => notified.push(reason)), notified }
}

function ended(cause: ConnectionClosed = new ConnectionDone()): WebSocketClosed {
  return { ...NO_FRAMES, cause }
}

describe('EndNotice', () => {
  test('notifies at once when no callback is pending', () => {
    const { reactor, notice: end, notified } = notice()
    const reason = ended()
    end.lost(reason)
    end.idle()
    expect(notified).toEqual([reason])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('waits for pending callbacks after the connection is gone', () => {
    const { reactor, notice: end, notified } = notice()
    end.awaitCallbacks(5000)
    end.lost(ended())
    expect(notified).toEqual([])
    end.idle()
    end.idle()
    expect(notified).toHaveLength(1)
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('waits for the end of the connection when the callbacks settle before it', () => {
    const { reactor, notice: end, notified } = notice()
    end.awaitCallbacks(5000)
    end.idle()
    expect(notified).toEqual([])
    expect(reactor.getDelayedCalls()).toEqual([])
    end.lost(ended())
    expect(notified).toHaveLength(1)
  })

  test('notifies after the grace period, or at the end of the connection if that is later', () => {
    const first = notice()
    first.notice.awaitCallbacks(5000)
    first.notice.lost(ended())
    first.reactor.advance(4999)
    expect(first.notified).toEqual([])
    first.reactor.advance(101)
    expect(first.notified).toHaveLength(1)
    const second = notice()
    second.notice.awaitCallbacks(5000)
    second.reactor.advance(5100)
    expect(second.notified).toEqual([])
    second.notice.lost(ended())
    expect(second.notified).toHaveLength(1)
  })

  test('notifies at once after a reset or an abort', () => {
    for (const cause of [new ConnectionLost(), new ConnectionAborted()]) {
      const { reactor, notice: end, notified } = notice()
      end.awaitCallbacks(5000)
      end.lost(ended(cause))
      expect(notified).toHaveLength(1)
      expect(reactor.getDelayedCalls()).toEqual([])
    }
  })

  test('notifies when the reactor stops, unless it has notified before', async () => {
    const { reactor, notice: end, notified } = notice()
    for (const endsBefore of [false, true]) {
      notified.length = 0
      void reactor.run({ installSignalHandlers: false })
      const waiting = endsBefore ? new EndNotice(reactor, (reason) => notified.push(reason)) : end
      waiting.awaitCallbacks(5000)
      waiting.lost(ended())
      if (endsBefore) waiting.idle()
      void reactor.stop()
      await reactor.settle()
      expect(notified).toHaveLength(1)
    }
  })

  test('removes its trigger when it has notified', () => {
    const triggers = new Set<TriggerId>()
    class Counting extends MemoryReactor {
      override addSystemEventTrigger(
        ...trigger: Parameters<MemoryReactor['addSystemEventTrigger']>
      ): TriggerId {
        const id = super.addSystemEventTrigger(...trigger)
        triggers.add(id)
        return id
      }
      override removeSystemEventTrigger(id: TriggerId): void {
        triggers.delete(id)
        super.removeSystemEventTrigger(id)
      }
    }
    const end = new EndNotice(new Counting(), () => undefined)
    end.awaitCallbacks(5000)
    end.lost(ended())
    expect(triggers.size).toBe(1)
    end.idle()
    expect(triggers.size).toBe(0)
  })
})
