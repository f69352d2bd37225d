import { describe, expect, test } from 'vitest'
import { bindDatagramWire, type DatagramPortSetup } from '../../src/datagram/bind-datagram-wire.ts'
import type { DatagramBinding } from '../../src/datagram/datagram-binding.ts'
import { CannotListenError, InvalidAddressError } from '../../src/errors.ts'
import { DatagramRecorder } from '../../src/testing/checks/datagram-recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { RecordingDatagramWire } from './recording-datagram-wire.ts'

function setup(changes: Partial<DatagramPortSetup>): DatagramPortSetup {
  const { registry } = new MemoryReactor()
  const bind = (): Promise<RecordingDatagramWire> => Promise.resolve(new RecordingDatagramWire())
  return { registry, port: 0, protocol: new DatagramRecorder(), options: {}, bind, ...changes }
}

describe('bindDatagramWire', () => {
  test('binds every IPv4 address, alone, unless told otherwise', async () => {
    const asked: DatagramBinding[] = []
    const bind = async (binding: DatagramBinding): Promise<RecordingDatagramWire> => {
      asked.push(binding)
      return new RecordingDatagramWire()
    }
    await bindDatagramWire(setup({ port: 53, bind }))
    await bindDatagramWire(setup({ bind, options: { interface: '::', reuseAddress: true, ipv6Only: true } }))
    expect(asked).toEqual([
      {
        address: { type: 'UDP', family: 4, host: '0.0.0.0', port: 53 },
        reuseAddress: false,
        ipv6Only: false,
      },
      { address: { type: 'UDP', family: 6, host: '::', port: 0 }, reuseAddress: true, ipv6Only: true },
    ])
  })

  test('rejects what is no address before anything is bound', async () => {
    const bind = (): Promise<never> => Promise.reject(new Error('It was bound'))
    const named = bindDatagramWire(setup({ bind, options: { interface: 'localhost' } }))
    await expect(named).rejects.toThrow(InvalidAddressError)
    await expect(bindDatagramWire(setup({ bind, port: 65_536 }))).rejects.toThrow(RangeError)
  })

  test('rejects with the address and the cause when it cannot be bound', async () => {
    const cause = Object.assign(new Error('bind EACCES'), { code: 'EACCES' })
    const bound = bindDatagramWire(setup({ port: 53, bind: () => Promise.reject(cause) }))
    await expect(bound).rejects.toThrow(CannotListenError)
    await expect(bound).rejects.toMatchObject({ code: 'EACCES', cause, address: { port: 53 } })
  })

  test('leaves nothing bound for a reactor that is stopping', async () => {
    const reactor = new MemoryReactor()
    const run = reactor.run()
    const wire = new RecordingDatagramWire()
    let bound: () => void = () => undefined
    const bind = (): Promise<RecordingDatagramWire> => new Promise((resolve) => (bound = () => resolve(wire)))
    const binding = bindDatagramWire(setup({ registry: reactor.registry, bind }))
    const stopped = reactor.stop()
    await reactor.settle()
    bound()
    await expect(binding).rejects.toThrow('the reactor is stopping')
    await Promise.all([stopped, run])
    expect(wire.calls).toEqual([['close']])
  })
})
