import http from 'node:http'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/index.ts'
import { runAlone } from './node-program.ts'

const capturedSetTimeout = setTimeout

describe('timers of a host', () => {
  test('setTimeout and setInterval follow the clock of the host, and pass arguments', async () => {
    const noted = await runAlone((note) => {
      const at = (what: string): void => note(`${what} at ${performance.now()}`)
      setTimeout(at, 100, 'timeout')
      capturedSetTimeout(at, 200, 'captured')
      timers.setTimeout(at, 0.5, 'least')
      const interval = setInterval(() => {
        at('interval')
        if (performance.now() >= 900) clearInterval(interval)
      }, 300)
    })
    expect(noted).toEqual([
      'least at 1',
      'timeout at 100',
      'captured at 200',
      'interval at 300',
      'interval at 600',
      'interval at 900',
    ])
  })

  test('a timeout is an object of Node with all its methods', async () => {
    const noted = await runAlone((note) => {
      const timer = setTimeout(() => note(`called at ${performance.now()}`), 100)
      note(String(timer instanceof capturedSetTimeout(() => {}, 1).constructor))
      note(String([timer.hasRef(), timer.unref().hasRef(), timer.ref().hasRef()]))
      setTimeout(() => timer.refresh(), 50)
      // After its call, refresh starts it again.
      setTimeout(() => timer.refresh(), 400)
      const cleared = setTimeout(() => note('cleared'), 10)
      clearTimeout(Number(cleared))
      cleared.refresh()
      const closed = setTimeout(() => note('closed'), 10)
      closed.close()
      const disposed = setTimeout(() => note('disposed'), 10)
      disposed[Symbol.dispose]()
    })
    expect(noted).toEqual(['true', 'true,false,true', 'called at 150', 'called at 500'])
  })

  test('the timeout of a request, which Node sets twice in one event', async () => {
    const noted = await runAlone((note) => {
      http.createServer(() => undefined).listen(80)
      const at = (what: string): void => note(`${what} at ${Math.round(performance.now())}`)
      const request = http.get('http://127.0.0.1/', { timeout: 30 })
      request.on('timeout', () => at('timeout')).on('error', () => undefined)
      request.on('socket', (socket) => socket.on('timeout', () => at('timeout of the socket')))
    })
    expect(noted).toEqual(['timeout at 30', 'timeout of the socket at 30'])
  })

  test('promises of timers, with abort', async () => {
    const noted = await runAlone(async (note) => {
      const at = (what: unknown): void => note(`${String(what)} at ${performance.now()}`)
      at(await timersPromises.setTimeout(100, 'promised'))
      at(await promisify(setTimeout)(100, 'promisified'))
      await timersPromises.scheduler.wait(50)
      at('waited')
      at(await timersPromises.setImmediate('immediate'))
      const signal = AbortSignal.timeout(250)
      await timersPromises.setTimeout(1000, undefined, { signal }).catch((error: Error) => at(error.name))
      let ticks = 0
      for await (const value of timersPromises.setInterval(100, 'tick')) {
        at(value)
        if (++ticks === 2) break
      }
      at(AbortSignal.timeout(5).aborted)
    })
    expect(noted).toEqual([
      'promised at 100',
      'promisified at 200',
      'waited at 250',
      'immediate at 250',
      'AbortError at 500',
      'tick at 600',
      'tick at 700',
      'false at 700',
    ])
  })

  test('immediates run in order in the event that asked for them, and can be cleared', async () => {
    const noted = await runAlone(async (note) => {
      setTimeout(() => note(`timeout at ${performance.now()}`), 1)
      setImmediate((what: string) => note(`${what} at ${performance.now()}`), 'immediate')
      clearImmediate(setImmediate(() => note('cleared')))
      process.nextTick(() => note('tick'))
      await Promise.resolve()
      for (let turn = 0; turn < 3; turn++) {
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        note(`turn ${turn}`)
      }
    })
    expect(noted).toEqual(['tick', 'immediate at 0', 'turn 0', 'turn 1', 'turn 2', 'timeout at 1'])
  })

  test('timers of a host end with its crash, and code outside of hosts has real ones', async () => {
    const sim = new Simulation({ seed: 1, seedGlobals: true })
    let ticks = 0
    const host = sim.node('one', () => setInterval(() => ticks++, 100))
    sim.at(450, () => host.crash())
    await sim.run(1_000)
    expect(ticks).toBe(4)
    const startedMs = performance.now()
    await timersPromises.setTimeout(5)
    expect(performance.now() - startedMs).toBeGreaterThan(3)
  })

  test('a program that calls setImmediate without end fails the run, and does not go on after it', async () => {
    const sim = new Simulation({ seed: 1, seedGlobals: true })
    let calls = 0
    const again = (): void => {
      calls++
      setImmediate(again)
    }
    sim.node('one', again)
    await expect(sim.run(1_000)).rejects.toThrow('setImmediate without end')
    const before = calls
    await runAlone(() => setImmediate(() => undefined))
    expect(calls).toBe(before)
  })

  test('what a timer throws fails the run with host and time', async () => {
    const sim = new Simulation({ seed: 1, seedGlobals: true })
    sim.node('one', () => {
      setTimeout(() => {
        throw new Error('expected 1, got 2')
      }, 30)
    })
    await expect(sim.run(1_000)).rejects.toThrow('Seed 1 at 30.000 ms: one failed: expected 1, got 2')
  })
})
