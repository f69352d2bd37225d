import { describe, expect, test } from 'vitest'
import { LocalProtocolError } from '../../src/index.ts'
import { MultiService, Service, ServiceStopped } from '../../src/services.ts'
import { Gate } from '../../src/checks/check.ts'
import { NotingService } from './noting-service.ts'

/** Three services in a MultiService, and their notes. */
async function three(): Promise<{
  notes: string[]
  app: MultiService
  a: NotingService
  b: NotingService
  c: NotingService
}> {
  const [notes, app] = [[] as string[], new MultiService()]
  const [a, b, c] = [
    new NotingService('a', notes),
    new NotingService('b', notes),
    new NotingService('c', notes),
  ]
  for (const service of [a, b, c]) await app.addService(service)
  return { notes, app, a, b, c }
}

/** Throws this error. */
function fail(message: string): () => never {
  return () => {
    throw new Error(message)
  }
}

const ALL_UP = ['start a', 'a up', 'start b', 'b up', 'start c', 'c up']
const ALL_DOWN = ['stop c', 'c down', 'stop b', 'b down', 'stop a', 'a down']

describe('MultiService', () => {
  test('starts its services in order and stops them in reverse, waiting for each', async () => {
    const { notes, app } = await three()
    expect([notes, app.running]).toEqual([[], false])
    await app.startService()
    expect([notes, app.running]).toEqual([ALL_UP, true])
    await app.stopService()
    expect([notes.slice(6), app.running]).toEqual([ALL_DOWN, false])
    await app.startService()
    expect(notes.slice(12)).toEqual(ALL_UP)
  })

  test('stops all services even if some fail, and rejects with every error', async () => {
    const { notes, app, a, c } = await three()
    await app.startService()
    a.stopping = fail('a stays')
    c.stopping = fail('c stays')
    const stopped = app.stopService()
    await expect(stopped).rejects.toBeInstanceOf(AggregateError)
    await expect(stopped).rejects.toHaveProperty('errors', [new Error('c stays'), new Error('a stays')])
    expect([notes.slice(6), app.running]).toEqual([['stop c', 'stop b', 'b down', 'stop a'], false])
  })

  test('stops the started services in reverse order when one fails to start', async () => {
    const { notes, app, c } = await three()
    c.starting = fail('c is ill')
    await expect(app.startService()).rejects.toThrow('c is ill')
    expect(notes.slice(4)).toEqual(['start c', 'stop b', 'b down', 'stop a', 'a down'])
    expect(app.running).toBe(false)
    c.starting = () => undefined
    await app.startService()
    expect(app.running).toBe(true)
  })

  test('rejects with both errors when a start and then a stop fails', async () => {
    const { app, a, b } = await three()
    a.stopping = fail('a stays')
    b.starting = fail('b is ill')
    await expect(app.startService()).rejects.toHaveProperty('errors', [
      new Error('b is ill'),
      expect.objectContaining({ errors: [new Error('a stays')] }),
    ])
  })

  test('does nothing when it is started twice, or stopped when it was not started', async () => {
    const { notes, app } = await three()
    await app.stopService()
    await app.startService()
    await app.startService()
    expect(notes).toEqual(ALL_UP)
  })

  test('can be stopped while it starts: the starting service is stopped, the rest is not started', async () => {
    const { notes, app, b } = await three()
    const [reached, hanging] = [new Gate(), new Gate()]
    b.starting = () => {
      reached.open()
      return hanging.opened
    }
    const started = app.startService()
    await reached.opened
    await app.stopService()
    expect([notes, app.running]).toEqual([
      ['start a', 'a up', 'start b', 'stop b', 'b down', 'stop a', 'a down'],
      false,
    ])
    hanging.open()
    await expect(started).rejects.toBeInstanceOf(ServiceStopped)
    expect(notes.slice(7)).toEqual(['b up'])
  })

  test('makes a start and a second stop wait for the stop that is under way', async () => {
    const { notes, app, b } = await three()
    await app.startService()
    const slow = new Gate()
    b.stopping = () => slow.opened
    const stops = [app.stopService(), app.stopService()]
    const started = app.startService()
    slow.open()
    await Promise.all([...stops, started])
    expect(notes).toEqual([...ALL_UP, ...ALL_DOWN, ...ALL_UP])
  })

  test('starts again even if the stop that was under way has failed', async () => {
    const { notes, app, b } = await three()
    await app.startService()
    b.stopping = fail('b stays')
    const stopped = app.stopService()
    const started = app.startService()
    await expect(stopped).rejects.toBeInstanceOf(AggregateError)
    await started
    expect([notes.slice(-6), app.running]).toEqual([ALL_UP, true])
  })

  test('keeps running when the start of an earlier run fails late', async () => {
    const { notes, app, a } = await three()
    const [reached, hanging] = [new Gate(), new Gate()]
    a.starting = () => {
      reached.open()
      return hanging.opened
    }
    const first = app.startService()
    await reached.opened
    await app.stopService()
    a.starting = () => undefined
    await app.startService()
    hanging.fail(new Error('too late'))
    await expect(first).rejects.toThrow('too late')
    expect([notes.slice(-6), app.running]).toEqual([ALL_UP, true])
  })

  test('stays stopped when the last call was a stop', async () => {
    const { notes, app } = await three()
    await app.startService()
    const first = app.stopService()
    const started = app.startService()
    await app.stopService()
    await first
    await expect(started).rejects.toBeInstanceOf(ServiceStopped)
    expect([notes, app.running]).toEqual([[...ALL_UP, ...ALL_DOWN], false])
  })

  test('stops once, also when a service stops it again during the stop', async () => {
    const { notes, app, c } = await three()
    await app.startService()
    const stops: Promise<void>[] = []
    c.stopping = () => void stops.push(app.stopService())
    await app.stopService()
    await Promise.all(stops)
    expect(notes).toEqual([...ALL_UP, ...ALL_DOWN])
  })

  test('can contain another MultiService', async () => {
    const { notes, app } = await three()
    const [outer, last] = [new MultiService(), new NotingService('z', notes)]
    await outer.addService(app)
    await outer.addService(last)
    await outer.startService()
    await outer.stopService()
    expect(notes).toEqual([...ALL_UP, 'start z', 'z up', 'stop z', 'z down', ...ALL_DOWN])
  })

  describe('addService', () => {
    test('starts a service at once while it is running, and waits for it', async () => {
      const [notes, app] = [[] as string[], new MultiService()]
      await app.startService()
      const service = new NotingService('a', notes)
      await app.addService(service)
      expect([notes, service.running, service.parent === app]).toEqual([['start a', 'a up'], true, true])
      await app.stopService()
      expect(service.running).toBe(false)
    })

    test('removes a service that fails to start', async () => {
      const app = new MultiService()
      await app.startService()
      const service = new NotingService('a', [])
      service.starting = fail('a is ill')
      await expect(app.addService(service)).rejects.toThrow('a is ill')
      expect([service.parent, Array.from(app), app.running]).toEqual([undefined, [], true])
    })

    test('refuses a service twice, and a second one of the same name', async () => {
      const { app, a } = await three()
      await expect(app.addService(a)).rejects.toThrow('Cannot add a service twice')
      const namesake = app.addService(new NotingService('b', []))
      await expect(namesake).rejects.toBeInstanceOf(LocalProtocolError)
      await expect(namesake).rejects.toThrow('Cannot add a second service named "b"')
      expect([a.parent === app, Array.from(app).length]).toEqual([true, 3])
    })

    test('accepts any number of services without a name', async () => {
      const app = new MultiService()
      await app.addService(new Service())
      await app.addService(new Service())
      expect(Array.from(app)).toHaveLength(2)
    })

    test('starts a service that is added during the start once', async () => {
      const { notes, app, a, c } = await three()
      const late = new NotingService('late', notes)
      a.starting = async () => {
        await app.removeService(c)
        await app.addService(c)
        await app.addService(late)
      }
      await app.startService()
      expect(notes).toEqual([
        'start a',
        'start c',
        'c up',
        'start late',
        'late up',
        'a up',
        'start b',
        'b up',
      ])
    })
  })

  describe('removeService', () => {
    test('stops a running service, and waits for it', async () => {
      const { notes, app, b } = await three()
      await app.startService()
      await app.removeService(b)
      expect([notes.slice(6), b.parent, Array.from(app).length]).toEqual([['stop b', 'b down'], undefined, 2])
      await app.stopService()
      expect(notes.slice(8)).toEqual(['stop c', 'c down', 'stop a', 'a down'])
    })

    test('never starts a service that is removed while others are starting', async () => {
      const { notes, app, a, c } = await three()
      a.starting = () => app.removeService(c)
      await app.startService()
      expect(notes).toEqual(['start a', 'a up', 'start b', 'b up'])
    })

    test('waits for the stop that is under way', async () => {
      const { notes, app, b } = await three()
      await app.startService()
      const stopped = app.stopService()
      await app.removeService(b)
      expect([notes, b.parent]).toEqual([[...ALL_UP, ...ALL_DOWN], undefined])
      await stopped
    })

    test('refuses a service that was not added', async () => {
      const removed = new MultiService().removeService(new Service())
      await expect(removed).rejects.toThrow('Cannot remove a service that was not added')
    })
  })

  test('iterates in order, and finds a service by its name', async () => {
    const { app, a, b, c } = await three()
    expect(Array.from(app)).toEqual([a, b, c])
    expect([app.getServiceNamed('b') === b, app.getServiceNamed('z')]).toEqual([true, undefined])
  })
})
