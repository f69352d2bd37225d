import { describe, expect, test } from 'vitest'
import { ReactorAlreadyRunning } from '../../src/errors.ts'
import { runServices } from '../../src/node/run-services.ts'
import { Factory } from '../../src/protocol/factory.ts'
import { MultiService } from '../../src/service/multi-service.ts'
import { serviceFromString } from '../../src/service/stream-server-endpoint-service.ts'
import { Gate } from '../../src/testing/checks/gate.ts'
import { Echo, Recorder } from '../../src/testing/checks/recorder.ts'
import { sleep } from '../../src/time/sleep.ts'
import { passTime } from '../pass-time.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { NotingService } from '../service/noting-service.ts'
import { type Ended, runProgram } from './run-program.ts'

describe('runServices', () => {
  describe('in memory', () => {
    test('starts services with the reactor and stops them with it, before connections are drained', async () => {
      const [reactor, notes, app] = [new MemoryReactor(), [] as string[], new MultiService()]
      await app.addService(new NotingService('a', notes))
      await app.addService(serviceFromString(reactor, 'tcp:80', Factory.forProtocol(Echo)))
      const last = new NotingService('z', notes)
      last.stopping = () => notes.push(`${reactor.connections.size} connections`)
      await app.addService(last)
      reactor.callWhenRunning(() => notes.push('running'))
      const over = runServices(app, { reactor }).then(() => notes.push('over'))
      await reactor.settle()
      reactor.connectTCP('server', 80, Factory.forProtocol(Recorder))
      await reactor.settle()
      expect(notes).toEqual(['start a', 'a up', 'start z', 'z up', 'running'])
      const stopped = reactor.stop()
      await reactor.settle()
      await Promise.all([over, stopped])
      expect(notes.slice(5)).toEqual(['stop z', '2 connections', 'z down', 'stop a', 'a down', 'over'])
      expect([reactor.running, app.running]).toEqual([false, false])
    })

    test('can run the same services again, and starts nothing with other runs', async () => {
      const [reactor, notes] = [new MemoryReactor(), [] as string[]]
      const service = new NotingService('a', notes)
      for (let round = 0; round < 2; round++) {
        const over = runServices(service, { reactor })
        await reactor.settle()
        await reactor.stop()
        await over
      }
      expect(notes).toHaveLength(8)
      const other = reactor.run()
      await reactor.stop()
      await other
      expect(notes).toHaveLength(8)
    })

    test('goes on without services that do not stop in time, and says so', async () => {
      const [reactor, service] = [new MemoryReactor(), new NotingService('a', [])]
      service.stopping = () => new Promise(() => undefined)
      let failure: unknown
      const over = runServices(service, { reactor, stopTimeoutMs: 5000 }).catch((error: unknown) => {
        failure = error
      })
      await reactor.settle()
      const stopped = reactor.stop()
      await reactor.settle()
      reactor.advance(4999)
      await reactor.settle()
      expect(reactor.running).toBe(true)
      reactor.advance(1)
      await reactor.settle()
      await Promise.all([over, stopped])
      expect(failure).toMatchObject({ message: 'The services have not stopped within 5000 ms' })
      expect(reactor.getDelayedCalls()).toEqual([])
    })

    test('runs services on for the delay of a stop, and waits for them as long as stopTimeoutMs', async () => {
      const [reactor, notes] = [new MemoryReactor(), [] as string[]]
      const service = new NotingService('a', notes)
      service.stopping = () => sleep(59_000, { reactor })
      const over = runServices(service, { reactor, stopTimeoutMs: 60_000, stop: { delayMs: 500 } })
      await reactor.settle()
      void reactor.stop()
      await passTime(reactor, 499)
      expect(notes).toEqual(['start a', 'a up'])
      await passTime(reactor, 59_001)
      await over
      expect([notes.slice(2), reactor.logged]).toEqual([['stop a', 'a down'], []])
    })

    test('refuses options that it does not know, and starts nothing', async () => {
      const [reactor, notes] = [new MemoryReactor(), [] as string[]]
      for (const [options, why] of [
        [{ stopTimeoutMs: Number.NaN }, 'Cannot take stopTimeoutMs NaN'],
        [{ stopTimeoutMs: -1 }, 'Cannot take stopTimeoutMs -1'],
        [{ stop: { drainMs: -1 } }, 'Cannot take drainMs -1'],
        [{ stop: null as never }, 'Cannot take null as the options of run, option stop'],
        [{ stop: { triggerMs: '5' as never } }, 'Cannot take triggerMs "5"'],
        [{ stop: { triggerMs: null as never } }, 'Cannot take triggerMs null'],
        [{ stopTimeout: 1 }, 'did you mean stopTimeoutMs?'],
      ] as const)
        await expect(runServices(new NotingService('a', notes), { reactor, ...options })).rejects.toThrow(why)
      const run = reactor.run()
      await reactor.stop()
      await run
      expect(notes).toEqual([])
    })

    test('stops the reactor and rejects when the start fails', async () => {
      const [reactor, notes, app] = [new MemoryReactor(), [] as string[], new MultiService()]
      const [a, b] = [new NotingService('a', notes), new NotingService('b', notes)]
      await app.addService(a)
      await app.addService(b)
      b.starting = () => Promise.reject(new Error('b is ill'))
      await expect(runServices(app, { reactor })).rejects.toThrow('b is ill')
      expect(notes).toEqual(['start a', 'a up', 'start b', 'stop a', 'a down'])
      expect([reactor.running, reactor.logged]).toEqual([false, []])
    })

    test('rejects with what the stop failed with, once the reactor has stopped', async () => {
      const reactor = new MemoryReactor()
      const service = new NotingService('a', [])
      service.stopping = () => Promise.reject(new Error('a stays'))
      const over = runServices(service, { reactor })
      await reactor.settle()
      await reactor.stop()
      await expect(over).rejects.toThrow('a stays')
      expect(reactor.running).toBe(false)
    })

    test('ends though a start hangs when the reactor is stopped', async () => {
      const [reactor, never, notes, app] = [
        new MemoryReactor(),
        new Gate(),
        [] as string[],
        new MultiService(),
      ]
      const service = new NotingService('a', notes)
      service.starting = () => never.opened
      await app.addService(service)
      const over = runServices(app, { reactor })
      await reactor.settle()
      await reactor.stop()
      await over
      expect(notes).toEqual(['start a', 'stop a', 'a down'])
      never.open()
      await reactor.settle()
      expect([reactor.running, reactor.logged]).toEqual([false, []])
    })

    test('takes a start that the stop has cut short for no failure', async () => {
      const [reactor, hanging, app] = [new MemoryReactor(), new Gate(), new MultiService()]
      const service = new NotingService('a', [])
      service.starting = () => hanging.opened
      service.stopping = () => hanging.open()
      await app.addService(service)
      await app.addService(new NotingService('z', []))
      const over = runServices(app, { reactor })
      await reactor.settle()
      await reactor.stop()
      expect(await over).toBe(undefined)
    })

    test('refuses a reactor that runs, and starts nothing', async () => {
      const [reactor, notes] = [new MemoryReactor(), [] as string[]]
      const running = reactor.run()
      const refused = runServices(new NotingService('a', notes), { reactor })
      await expect(refused).rejects.toBeInstanceOf(ReactorAlreadyRunning)
      expect([reactor.running, notes]).toEqual([true, []])
      await reactor.stop()
      await running
    })
  })

  describe('in a process', () => {
    const run = (second: string, lineWritten?: Parameters<typeof runProgram>[1]): Promise<Ended> =>
      runProgram(
        `import { MultiService, runServices, Service, serviceFromString } from './packages/core/src/index.ts'
         class Noting extends Service {
           async startService() { await super.startService(); console.log('start') }
           async stopService() { await super.stopService(); console.log('stop') }
         }
         const app = new MultiService()
         await app.addService(new Noting())
         await app.addService(serviceFromString(reactor, ${JSON.stringify(second)}, Factory.forProtocol(Echo)))
         reactor.callWhenRunning(() => console.log('ready'))
         await runServices(app)
         console.log('over', reactor.running)`,
        lineWritten,
      )

    test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])('stops at %s, and the program ends', async (signal) => {
      const ended = await run(
        'tcp:0:interface=127.0.0.1',
        (line, child) => line === 'ready' && child.kill(signal),
      )
      const output = 'start\nready\nstop\nover false\n'
      expect(ended).toEqual({ code: 0, signal: null, output, errors: '' })
    })

    test('ends with 1, telling why, when a service cannot start', async () => {
      const ended = await run('unix:/nowhere/at/all')
      expect(ended).toMatchObject({ code: 1, output: 'start\nstop\n' })
      expect(ended.errors).toContain('CannotListenError')
    })
  })
})
