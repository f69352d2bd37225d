import { describe, expect, test } from 'vitest'
import {
  ConnectingCancelledError,
  ConnectionAborted,
  ConnectionDone,
  NoProtocol,
  type Transport,
  unixAddress,
} from '../../src/index.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { StringTransport } from '../../src/testing.ts'
import { giveConnection, notMade, whenMade } from '../../src/transport/when-made.ts'

const address = unixAddress('/run/app')

/** What the endpoints make of it is in test/endpoint/one-rule.test.ts. */
describe('whenMade', () => {
  test('gives a connection with what was not parsed, and resolves with its protocol', async () => {
    const transport = StringTransport.connect(new Recorder())
    const next = new Recorder()
    const made = giveConnection(transport, next, Buffer.from('unread'))
    expect([await whenMade(made, address), next.text, made.making]).toEqual([next, 'unread', undefined])
  })

  test('takes a transport of another kind as it is', async () => {
    const calls: unknown[] = []
    const transport = {
      connected: true,
      switchProtocol: (...args: unknown[]) => calls.push(args),
    } as unknown as Transport
    const next = new Recorder()
    expect(await whenMade(giveConnection(transport, next), address)).toBe(next)
    expect(calls).toEqual([[next, undefined]])
  })

  test('rejects when the connection was gone before', async () => {
    const transport = StringTransport.connect(new Recorder())
    transport.receiveReset()
    await transport.reactor.settle()
    const gone = whenMade({ protocol: 1, transport, making: undefined }, address)
    await expect(gone).rejects.toBeInstanceOf(NoProtocol)
  })

  test('notMade carries what was thrown, or how the connection ended; an error of connecting stays itself', () => {
    const [done, fault] = [new ConnectionDone(), new Error('a bug')]
    const cancelled = new ConnectingCancelledError(address, 'cancelled')
    expect(notMade(address, done).cause).toBe(done)
    expect(notMade(address, new ConnectionAborted(undefined, { cause: fault }))).toMatchObject({
      name: 'NoProtocol',
      cause: fault,
      message:
        'Cannot connect to unix:/run/app: the connection ended before connectionMade had returned: a bug',
    })
    expect(notMade(address, new ConnectionAborted(undefined, { cause: 7 })).message).toContain(
      'see the cause',
    )
    expect(notMade(address, new ConnectionAborted(undefined, { cause: cancelled }))).toBe(cancelled)
  })
})
