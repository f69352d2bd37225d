import { ConnectionDone, ConnectionLost, Protocol } from '@ropewalk/core'
import { StringTransport } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { Closing } from '../../src/connection/closing.ts'
import { Outbox } from '../../src/connection/outbox.ts'
import { WebSocketError } from '../../src/errors.ts'
import { Inbox } from '../../src/connection/inbox.ts'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import { DEFAULT_WEBSOCKET_OPTIONS } from '../../src/connection/websocket-options.ts'
import { closing as closePayload, serverFrame } from '../websocket-exchange.ts'

/** Keeps its connection open after a FIN of the peer. */
class HalfClosed extends Protocol {
  readConnectionLost(): void {}
}

/** A Closing whose inbox has one pending callback. */
class Ending {
  readonly transport = StringTransport.connect(new HalfClosed())
  readonly inbox: Inbox
  readonly closing: Closing
  readonly notified: WebSocketClosed[] = []
  readonly settled: string[] = []
  settleCallback: () => void = () => undefined

  constructor({ pending = true } = {}) {
    const options = { ...DEFAULT_WEBSOCKET_OPTIONS, drainGraceMs: 2000 }
    const callbacks = { deliver: () => undefined, inboxChanged: () => this.#inboxChanged() }
    this.inbox = new Inbox(options, callbacks)
    this.closing = new Closing({
      owner: this,
      inbox: this.inbox,
      outbox: new Outbox('server', this),
      role: 'server',
      options,
      notify: (reason) => this.notified.push(reason),
    })
    if (pending) this.inbox.waitFor(new Promise((resolve) => (this.settleCallback = resolve)))
  }

  get open(): boolean {
    return this.closing.open
  }

  get reactor(): StringTransport['reactor'] {
    return this.transport.reactor
  }

  outboxFull(): void {}

  callProducer(call: () => unknown): void {
    call()
  }

  /** Waits for the last callbacks; returns when they are pending. */
  async stop(): Promise<void> {
    void this.closing.lastCallbacks()?.then(() => this.settled.push('callbacks'))
    await this.reactor.settle()
  }

  #inboxChanged(): void {
    if (this.inbox.idle) this.closing.inboxIdle()
  }
}

describe('Closing.lastCallbacks', () => {
  test('returns no promise when no callback is pending', () => {
    expect(new Ending({ pending: false }).closing.lastCallbacks()).toBeUndefined()
  })

  test('waits until no callback is pending', async () => {
    const ending = new Ending()
    await ending.stop()
    expect(ending.settled).toEqual([])
    expect(ending.closing.open).toBe(true)
    ending.settleCallback()
    await ending.reactor.settle()
    expect(ending.settled).toEqual(['callbacks'])
    expect(ending.reactor.getDelayedCalls()).toEqual([])
  })

  test('waits no longer than drainGraceMs', async () => {
    const ending = new Ending()
    await ending.stop()
    ending.reactor.advance(1999)
    await ending.reactor.settle()
    expect(ending.settled).toEqual([])
    ending.reactor.advance(101)
    await ending.reactor.settle()
    expect(ending.settled).toEqual(['callbacks'])
  })

  test('returns the same promise when it is called again', () => {
    const { closing } = new Ending()
    expect(closing.lastCallbacks()).toBe(closing.lastCallbacks())
  })

  test.each([
    ['the connection is lost', ({ closing }: Ending) => closing.lost(new ConnectionDone())],
    ['the peer has closed', ({ closing }: Ending) => closing.closeReceived({ code: 1000, reason: '' })],
    ['this side closes', ({ closing }: Ending) => closing.close(1001, '')],
    ['a callback fails', ({ closing }: Ending) => closing.callbackFailed(new Error('failed'))],
  ])('ends the wait when %s', async (_, end) => {
    const ending = new Ending()
    await ending.stop()
    end(ending)
    await ending.reactor.settle()
    expect(ending.settled).toEqual(['callbacks'])
    expect(ending.closing.open).toBe(false)
  })
})

describe('Closing', () => {
  test('aborts the signal with the first reason, also when it is read later', async () => {
    const error = new WebSocketError('reserved-bits', 'Cannot')
    for (const readFirst of [true, false]) {
      const ending = new Ending({ pending: false })
      const { closing } = ending
      if (readFirst) expect(closing.signal.aborted).toBe(false)
      closing.violated(error)
      const cause = new ConnectionDone()
      closing.lost(cause)
      expect(closing.signal.reason).toBeInstanceOf(ConnectionLost)
      expect(closing.signal.reason.cause).toBe(error)
      expect(closing.isEnd(closing.signal.reason)).toBe(true)
      expect(closing.isEnd(cause)).toBe(true)
      expect(closing.isEnd(error)).toBe(false)
      expect(ending.notified).toMatchObject([{ violation: 'reserved-bits', cause }])
    }
  })

  test('is not open in a listener of the signal when the peer has sent a FIN', () => {
    const { closing, transport } = new Ending({ pending: false })
    const open: boolean[] = []
    closing.signal.addEventListener('abort', () => open.push(closing.open))
    closing.peerEnded()
    expect(open).toEqual([false])
    expect(transport.bytes().length).toBe(0)
  })

  test('sends one close frame, and closes TCP when the peer has replied', () => {
    const { closing, transport } = new Ending({ pending: false })
    closing.close(3000, 'enough')
    expect(transport.bytes()).toEqual(serverFrame(8, closePayload(3000, 'enough')))
    expect(transport.disconnecting).toBe(false)
    closing.closeReceived({ code: 3000, reason: '' })
    expect(transport.disconnecting).toBe(true)
    closing.callbackFailed(new Error('late'))
    expect(transport.bytes()).toEqual(serverFrame(8, closePayload(3000, 'enough')))
  })

  test('still aborts after closeTimeoutMs when the peer replies to its close frame with a FIN', () => {
    const { closing, transport, reactor } = new Ending({ pending: false })
    closing.close(3000, '')
    transport.block()
    transport.write('unsent')
    closing.peerEnded()
    reactor.advance(4999)
    expect(transport.connected).toBe(true)
    reactor.advance(101)
    expect(transport.connected).toBe(false)
  })

  test('leaves no deadline behind, wherever the connection is lost', () => {
    const ends: ((closing: Closing) => void)[] = [
      () => undefined,
      (closing) => void closing.lastCallbacks(),
      (closing) => closing.close(3000, ''),
      (closing) => {
        closing.close(3000, '')
        closing.callbackFailed(new Error('failed'))
      },
    ]
    for (const end of ends) {
      const { closing, transport, reactor, notified } = new Ending()
      end(closing)
      transport.abortConnection()
      closing.lost(new ConnectionLost())
      expect(notified).toHaveLength(1)
      expect(reactor.getDelayedCalls()).toEqual([])
    }
  })
})
