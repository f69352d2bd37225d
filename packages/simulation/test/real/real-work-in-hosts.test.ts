import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { Factory, Protocol, sleep } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/index.ts'

describe('a host that asks for real work', () => {
  test.each<[string, () => unknown]>([
    ['a real timer', () => new Promise((resolve) => setTimeout(resolve, 1))],
    ['a real setImmediate', () => new Promise((resolve) => setImmediate(resolve))],
    ['a real file', () => readFile('/dev/null')],
    [
      'a real socket',
      () =>
        new Promise((resolve) =>
          createServer()
            .listen(0, '127.0.0.1', () => resolve(1))
            .unref(),
        ),
    ],
  ])('fails a run whose program asks for %s, and names what to use instead', async (what, ask) => {
    const sim = new Simulation({ seed: 1 })
    sim.host('server', async (reactor) => {
      await sleep(10, { reactor })
      await ask()
    })
    const failure = sim.run(1000)
    await expect(failure).rejects.toThrow(`server asks for ${what}`)
    await expect(failure).rejects.toThrow(/: use reactor\./)
    if (what === 'a real socket')
      await expect(failure).rejects.toThrow(/, or sim\.node in place of sim\.host$/m)
  })

  test('fails a run for real work in callbacks of connections', async () => {
    class Late extends Protocol {
      override connectionMade(): void {
        setTimeout(() => this.transport.loseConnection(), 10)
      }
    }
    const sim = new Simulation({ seed: 1 })
    sim.host('server', (reactor) => reactor.listenTCP(7, Factory.forProtocol(Late)))
    sim.host('client', (reactor) => reactor.connectTCP('server', 7, Factory.forProtocol(Late)))
    await expect(sim.run(1000)).rejects.toThrow(/client asks for a real timer at Late\.connectionMade/)
  })

  test.each<[string, () => unknown]>([
    ['at once', () => queueMicrotask(throws)],
    ['later', (): unknown => Promise.resolve().then(() => queueMicrotask(throws))],
  ])('fails the run of the host whose callback of queueMicrotask throws (%s)', async (_when, program) => {
    const sim = new Simulation({ seed: 1 })
    sim.host('server', program)
    const failed: unknown = await sim.run(10).catch((error: unknown) => error)
    expect(failed).toMatchObject({
      why: 'server failed: no room',
      cause: { stack: expect.stringContaining('throws') },
    })
  })

  test('ignores real work outside of the simulation', async () => {
    const sim = new Simulation({ seed: 1 })
    sim.host('server', () => undefined)
    const meanwhile = new Promise((resolve) => setTimeout(resolve, 1))
    await sim.run(1000)
    await meanwhile
    expect(sim.nowMs).toBe(1000)
  })
})

function throws(): never {
  throw new Error('no room')
}
