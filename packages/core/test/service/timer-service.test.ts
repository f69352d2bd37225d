import { describe, expect, test } from 'vitest'
import { TimerService } from '../../src/services.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Gate } from '../../src/checks/check.ts'

describe('TimerService', () => {
  test('calls at its start and every interval from then on, until it is stopped', async () => {
    const [reactor, seen] = [new MemoryReactor(), [] as number[]]
    const service = new TimerService(100, () => seen.push(reactor.now()), { reactor })
    reactor.advance(1000)
    service.startService()
    service.startService()
    reactor.advance(250)
    expect([seen, service.running]).toEqual([[1000, 1100, 1200], true])
    await service.stopService()
    reactor.advance(250)
    expect([seen.length, service.running, reactor.getDelayedCalls()]).toEqual([3, false, []])
    service.startService()
    reactor.advance(100)
    expect(seen.slice(3)).toEqual([1500, 1600])
  })

  test('waits at its stop for the call under way', async () => {
    const [reactor, slow, seen] = [new MemoryReactor(), new Gate(), [] as string[]]
    const call = async (): Promise<void> => {
      await slow.opened
      seen.push('called')
    }
    const service = new TimerService(100, call, { reactor })
    service.startService()
    const stopped = service.stopService().then(() => seen.push('stopped'))
    await reactor.settle()
    expect(seen).toEqual([])
    slow.open()
    await stopped
    expect(seen).toEqual(['called', 'stopped'])
  })

  test.each([
    ['throws', () => JSON.parse('{')],
    ['rejects', async () => JSON.parse('{')],
  ])('logs a call that %s, and makes no more calls until it is started again', async (_how, failing) => {
    const reactor = new MemoryReactor()
    let calls = 0
    const call = (): unknown => (++calls === 2 ? failing() : undefined)
    const service = new TimerService(100, call, { reactor })
    service.setName('clean up')
    service.startService()
    reactor.advance(100)
    await reactor.settle()
    reactor.advance(1000)
    const failure = {
      level: 'error',
      text: 'A timer service failed and makes no more calls',
      label: 'clean up',
    }
    expect([calls, reactor.logged]).toMatchObject([2, [failure]])
    expect(reactor.flushLoggedErrors(SyntaxError)).toHaveLength(1)
    await service.stopService()
    service.startService()
    reactor.advance(100)
    expect([calls, reactor.logged]).toEqual([4, []])
  })

  test('can be stopped by its own first call', async () => {
    const [reactor, stops] = [new MemoryReactor(), [] as Promise<void>[]]
    const service: TimerService = new TimerService(100, () => void stops.push(service.stopService()), {
      reactor,
    })
    service.startService()
    await Promise.all(stops)
    reactor.advance(1000)
    expect([stops.length, service.running, reactor.getDelayedCalls()]).toEqual([1, false, []])
  })

  test('does nothing when it is stopped and was not started', async () => {
    const service = new TimerService(100, () => expect.unreachable(), { reactor: new MemoryReactor() })
    await service.stopService()
    expect(service.running).toBe(false)
  })

  test.each([-1, Number.NaN])('refuses an interval of %d', (intervalMs) => {
    const make = (): TimerService => new TimerService(intervalMs, () => 0, { reactor: new MemoryReactor() })
    expect(make).toThrow(RangeError)
  })
})
