import { describe, expect, test } from 'vitest'
import { ConnectionDone, NotConnectedError } from '../../src/errors.ts'
import { HalfCloseRecorder } from '../../src/checks/transport-harness.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { swallowIfClosed, whyClosed } from '../../src/transport/why-closed.ts'

describe('whyClosed', () => {
  test('waits for the reason of a connection that is closing, and knows that of one that is gone', async () => {
    const protocol = new HalfCloseRecorder()
    const transport = StringTransport.connect(protocol)
    transport.loseConnection()
    const why = whyClosed(transport)
    transport.receiveEnd()
    expect(await why).toBe(protocol.reason)
    expect(await whyClosed(transport)).toBe(protocol.reason)
  })

  test('tells that only our own side has ended', async () => {
    const transport = StringTransport.connect(new HalfCloseRecorder())
    transport.loseWriteConnection()
    expect(await whyClosed(transport)).toBeInstanceOf(NotConnectedError)
  })
})

describe('swallowIfClosed', () => {
  test('lets nobody hear of a closed connection but who waits, and keeps every other rejection', async () => {
    const unheard: unknown[] = []
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (reason) => unheard.push(reason))
    const fault = new Error('fault')
    const done = swallowIfClosed(Promise.reject(new ConnectionDone()))
    void swallowIfClosed(Promise.reject(new NotConnectedError('closed')))
    void swallowIfClosed(Promise.reject(fault))
    await new Promise((resolve) => setImmediate(resolve))
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
    expect(unheard).toEqual([fault])
    await expect(done).rejects.toBeInstanceOf(ConnectionDone)
    await expect(swallowIfClosed(Promise.resolve(5))).resolves.toBe(5)
  })
})
