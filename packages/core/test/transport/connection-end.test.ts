import { EventEmitter, once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { ConnectionAborted, ConnectionDone, ConnectionLost, isConnectionEnd } from '../../src/index.ts'
import { Clock } from '../../src/testing.ts'
import { CONNECTED, DISCONNECTING, Linger, reasonFor } from '../../src/transport/connection-end.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transport/transport-options.ts'
import { RecordingWire } from '../recording-wire.ts'

describe('isConnectionEnd', () => {
  const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    )

  test('recognises the reason itself', () => {
    const reason = new ConnectionDone()
    expect(isConnectionEnd(reason, reason)).toBe(true)
    expect(isConnectionEnd(new ConnectionDone(), reason)).toBe(false)
  })

  test('recognises the errors with which Node rejects when a signal aborts with the reason', async () => {
    const reason = new ConnectionLost()
    const controller = new AbortController()
    const waits = [
      failureOf(once(new EventEmitter(), 'never', { signal: controller.signal })),
      failureOf(fetch('data:,nothing', { signal: controller.signal })),
    ]
    controller.abort(reason)
    for (const error of await Promise.all(waits)) expect(isConnectionEnd(error, reason)).toBe(true)
    expect(() => controller.signal.throwIfAborted()).toThrow(reason)
  })

  test('follows a chain of causes, in the direction of the causes only', () => {
    const reason = new ConnectionAborted()
    const inner = new DOMException('The operation was aborted', {
      name: 'AbortError',
      cause: reason,
    } as never)
    const outer = new Error('Cannot load the page', { cause: inner })
    expect(isConnectionEnd(outer, reason)).toBe(true)
    expect(isConnectionEnd(reason, outer)).toBe(false)
    expect(isConnectionEnd(new Error('no', { cause: 'text' }), reason)).toBe(false)
  })

  test('terminates for a cycle of causes', () => {
    const first = new Error('first')
    first.cause = new Error('second', { cause: first })
    expect(isConnectionEnd(first, new ConnectionDone())).toBe(false)
  })

  test('recognises nothing while the connection is up', () => {
    expect(isConnectionEnd(undefined, undefined)).toBe(false)
    expect(isConnectionEnd(new Error('a fault'), undefined)).toBe(false)
  })

  test('recognises an AggregateError only if each of its errors stems from the end', () => {
    const reason = new ConnectionDone()
    const ends = [reason, new Error('aborted', { cause: reason })]
    expect(isConnectionEnd(new AggregateError(ends), reason)).toBe(true)
    expect(isConnectionEnd(new AggregateError([...ends, new Error('mine')]), reason)).toBe(false)
    expect(isConnectionEnd(new AggregateError([]), reason)).toBe(false)
  })
})

describe('reasonFor', () => {
  const broken = new Error('read ECONNRESET')

  test('is ConnectionDone for a clean end, by either side', () => {
    expect(reasonFor(CONNECTED, false, undefined)).toBeInstanceOf(ConnectionDone)
    expect(reasonFor(DISCONNECTING, true, undefined)).toBeInstanceOf(ConnectionDone)
  })

  test('is ConnectionLost with its cause for a broken connection, unless our FIN was sent', () => {
    expect(reasonFor(CONNECTED, false, broken)).toMatchObject({ name: 'ConnectionLost', cause: broken })
    expect(reasonFor(DISCONNECTING, false, broken)).toBeInstanceOf(ConnectionLost)
    expect(reasonFor(DISCONNECTING, true, broken)).toBeInstanceOf(ConnectionDone)
  })

  test.each([
    ['ECONNRESET', 'ConnectionDone'],
    ['EPIPE', 'ConnectionDone'],
    ['ENOSPC', 'ConnectionLost'],
    ['EIO', 'ConnectionLost'],
    ['EDQUOT', 'ConnectionLost'],
  ])('for %s after our FIN is %s', (code, name) => {
    const error = Object.assign(new Error(`write ${code}`), { code })
    expect(reasonFor(DISCONNECTING, true, error).name).toBe(name)
    expect(reasonFor(DISCONNECTING, false, error)).toMatchObject({ name: 'ConnectionLost', cause: error })
  })

  test('is ConnectionAborted with our own cause after an abort, whatever else happened', () => {
    const cause = new Error('a fault')
    expect(reasonFor({ is: 'aborted', cause }, false, broken)).toMatchObject({
      name: 'ConnectionAborted',
      cause,
    })
    const bare = reasonFor({ is: 'aborted', cause: undefined }, false, undefined)
    expect(bare).toBeInstanceOf(ConnectionAborted)
    expect('cause' in bare).toBe(false)
  })
})

describe('Linger', () => {
  const options = {
    ...DEFAULT_TRANSPORT_OPTIONS,
    lingerMs: 500,
    lingerTotalMs: 3000,
    minBytesPerSecond: 1000,
  }

  const make = (): { wire: RecordingWire; clock: Clock; linger: Linger } => {
    const [wire, clock] = [new RecordingWire(), new Clock()]
    return { wire, clock, linger: new Linger(wire, options, clock) }
  }

  /** When the wire is closed, if `bytesEach` bytes are received every 100 ms until then. */
  const closedAtMs = (bytesEach: number): number => {
    const { wire, clock, linger } = make()
    while (wire.calls.length === 0 && clock.now() < 10_000) {
      clock.advance(100)
      linger.received(Buffer.alloc(bytesEach))
    }
    expect(wire.calls).toEqual(['close'])
    expect(clock.getDelayedCalls()).toEqual([])
    return clock.now()
  }

  test('closes the wire when no bytes are received for lingerMs', () => {
    const { wire, clock } = make()
    clock.advance(499)
    expect(wire.calls).toEqual([])
    clock.advance(1)
    expect(wire.calls).toEqual(['close'])
  })

  test('waits lingerMs again after every chunk, however much was received before', () => {
    const { wire, clock, linger } = make()
    linger.received(Buffer.alloc(10_000_000))
    clock.advance(400)
    linger.received(Buffer.alloc(1))
    clock.advance(499)
    expect(wire.calls).toEqual([])
    clock.advance(1)
    expect(wire.calls).toEqual(['close'])
  })

  test('closes the wire after lingerTotalMs in any case', () => {
    expect(closedAtMs(1_000_000)).toBe(3000)
    expect(closedAtMs(100)).toBe(3000)
  })

  test('closes the wire early when the peer sends below the lowest rate', () => {
    expect(closedAtMs(1)).toBe(600)
    expect(closedAtMs(50)).toBe(900)
  })

  test('has no timer after the wire has closed, also when bytes are received afterwards', () => {
    const { wire, clock, linger } = make()
    linger.over()
    linger.received(Buffer.alloc(11))
    expect([wire.calls, clock.getDelayedCalls()]).toEqual([[], []])
  })
})
