import { describe, expect, test } from 'vitest'
import { LocalProtocolError } from '../../src/index.ts'
import { MultiService, Service } from '../../src/services.ts'
import { Gate } from '../../src/checks/check.ts'
import { NotingService } from './noting-service.ts'

describe('Service', () => {
  test('runs from its start to its stop, and again', async () => {
    const service = new Service()
    const seen = [service.running]
    for (let round = 0; round < 2; round++) {
      await service.startService()
      seen.push(service.running)
      await service.stopService()
      seen.push(service.running)
    }
    expect(seen).toEqual([false, true, false, true, false])
  })

  test('is stopped when it is disposed of, and the disposal waits for that', async () => {
    const notes: string[] = []
    const service = new NotingService('a', notes)
    await service.startService()
    await service[Symbol.asyncDispose]()
    expect(notes).toEqual(['start a', 'a up', 'stop a', 'a down'])
  })

  test('belongs to one parent at a time, and is stopped when it leaves it', async () => {
    const [notes, first, second] = [[] as string[], new MultiService(), new MultiService()]
    const service = new NotingService('a', notes)
    await service.setServiceParent(first)
    expect([service.parent === first, ...first]).toEqual([true, service])
    await first.startService()
    await service.setServiceParent(second)
    expect([service.parent === second, Array.from(first), Array.from(second)]).toEqual([true, [], [service]])
    expect([notes, service.running]).toEqual([['start a', 'a up', 'stop a', 'a down'], false])
  })

  test('can leave its parent, once or when it has none', async () => {
    const [service, parent] = [new Service(), new MultiService()]
    await service.disownServiceParent()
    await service.setServiceParent(parent)
    await service.disownServiceParent()
    expect([service.parent, Array.from(parent)]).toEqual([undefined, []])
  })

  test('has no parent when the parent refuses it', async () => {
    const [parent, service] = [new MultiService(), new NotingService('a', [])]
    await parent.addService(new NotingService('a', []))
    await expect(service.setServiceParent(parent)).rejects.toBeInstanceOf(LocalProtocolError)
    expect([service.parent, Array.from(parent).length]).toEqual([undefined, 1])
  })

  test('keeps its new parent when its start under the previous one fails later', async () => {
    const [first, second, hanging] = [new MultiService(), new MultiService(), new Gate()]
    const service = new NotingService('a', [])
    service.starting = () => hanging.opened
    await first.startService()
    const added = first.addService(service)
    await second.addService(service)
    hanging.fail(new Error('too late'))
    await expect(added).rejects.toThrow('too late')
    expect([service.parent === second, Array.from(first), Array.from(second)]).toEqual([true, [], [service]])
  })

  test('can be renamed only without a parent', async () => {
    const [service, parent] = [new Service(), new MultiService()]
    expect(service.name).toBe(undefined)
    service.setName('a')
    await service.setServiceParent(parent)
    expect(() => service.setName('b')).toThrow(LocalProtocolError)
    expect([service.name, parent.getServiceNamed('a')]).toEqual(['a', service])
    await service.disownServiceParent()
    service.setName('b')
    expect(service.name).toBe('b')
  })
})
