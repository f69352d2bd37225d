import { ConnectionAborted, type ConnectionClosed, ConnectionDone, ConnectionLost } from '@ropewalk/core'
import type { TriggerId } from '@ropewalk/core/reactor'
import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { ClosingHandshake } from '../src/closing-handshake.ts'
import { EndNotice } from '../src/end-notice.ts'
import type { WebSocketClosed } from '../src/websocket-connection.ts'

function notice(): { reactor: MemoryReactor; notice: EndNotice; given: WebSocketClosed[] } {
  const reactor = new MemoryReactor()
  const given: WebSocketClosed[] = []
  return { reactor, notice: new EndNotice(reactor, (reason) => given.push(reason)), given }
}

function ended(cause: ConnectionClosed = new ConnectionDone()): WebSocketClosed {
  return new ClosingHandshake().lost(cause)
}

describe('EndNotice', () => {
  test('notifies at once when no callback is pending', () => {
    const { reactor, notice: end, given } = notice()
    const reason = ended()
    expect(end.reason).toBeUndefined()
    end.lost(reason)
    end.idle()
    expect(given).toEqual([reason])
    expect(end.reason).toBe(reason)
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('waits for pending callbacks after the connection is gone', () => {
    const { reactor, notice: end, given } = notice()
    end.awaitCallbacks(5000)
    end.lost(ended())
    expect(given).toEqual([])
    end.idle()
    end.idle()
    expect(given).toHaveLength(1)
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('waits for the end of the connection when the callbacks settle before it', () => {
    const { reactor, notice: end, given } = notice()
    end.awaitCallbacks(5000)
    end.idle()
    expect(given).toEqual([])
    expect(reactor.getDelayedCalls()).toEqual([])
    end.lost(ended())
    expect(given).toHaveLength(1)
  })

  test('notifies after the grace period, or at the end of the connection if that is later', () => {
    const first = notice()
    first.notice.awaitCallbacks(5000)
    first.notice.lost(ended())
    first.reactor.advance(4999)
    expect(first.given).toEqual([])
    first.reactor.advance(101)
    expect(first.given).toHaveLength(1)
    const second = notice()
    second.notice.awaitCallbacks(5000)
    second.reactor.advance(5100)
    expect(second.given).toEqual([])
    second.notice.lost(ended())
    expect(second.given).toHaveLength(1)
  })

  test('notifies at once after a reset or an abort', () => {
    for (const cause of [new ConnectionLost(), new ConnectionAborted()]) {
      const { reactor, notice: end, given } = notice()
      end.awaitCallbacks(5000)
      end.lost(ended(cause))
      expect(given).toHaveLength(1)
      expect(reactor.getDelayedCalls()).toEqual([])
    }
  })

  test('notifies when the reactor stops, unless it has notified before', async () => {
    const { reactor, notice: end, given } = notice()
    for (const endsBefore of [false, true]) {
      given.length = 0
      void reactor.run({ installSignalHandlers: false })
      const waiting = endsBefore ? new EndNotice(reactor, (reason) => given.push(reason)) : end
      waiting.awaitCallbacks(5000)
      waiting.lost(ended())
      if (endsBefore) waiting.idle()
      void reactor.stop()
      await reactor.settle()
      expect(given).toHaveLength(1)
    }
  })

  test('removes its trigger when it has notified', () => {
    const triggers = new Set<TriggerId>()
    class Counting extends MemoryReactor {
      override addSystemEventTrigger(
        ...given: Parameters<MemoryReactor['addSystemEventTrigger']>
      ): TriggerId {
        const id = super.addSystemEventTrigger(...given)
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
