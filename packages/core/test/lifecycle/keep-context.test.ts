import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import type { Transport } from '../../src/index.ts'
import { connectedPair, MemoryReactor } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'

test('keepContext provides the connection in its callbacks, after await, in timers and producers, and nowhere else', async () => {
  const context = new AsyncLocalStorage<Transport>()
  const seen: (Transport | undefined)[] = []
  const note = (): void => void seen.push(context.getStore())
  class Noting extends Recorder {
    override async dataReceived(): Promise<void> {
      note()
      await Promise.resolve()
      note()
      this.transport.reactor.callLater(10, note)
      this.transport.registerProducer({ resumeProducing: note, stopProducing: note }, false)
    }
    override connectionLost(): void {
      note()
    }
  }
  const reactor = new MemoryReactor()
  reactor.keepContext(context)
  const [server, client] = [new Noting(), new Recorder()]
  const pair = connectedPair(server, client, { reactor })
  client.transport.write('x')
  await reactor.settle()
  reactor.advance(10)
  client.transport.abortConnection()
  await reactor.settle()
  expect(seen.length).toBe(6)
  expect(new Set(seen)).toEqual(new Set([pair.server]))
  expect(context.getStore()).toBeUndefined()
})
