import { describe, expect, test } from 'vitest'
import { NotConnectedError } from '../../src/index.ts'
import { ProcessDone, ProcessProtocol, type ProcessTransport } from '../../src/process.ts'

class Named extends ProcessProtocol {
  readonly events: string[] = []
  override connectionMade(): void {
    this.events.push('made')
  }
  override async outReceived(data: Buffer): Promise<void> {
    this.events.push(`out ${data.toString()}`)
  }
  override async errReceived(data: Buffer): Promise<void> {
    this.events.push(`err ${data.toString()}`)
  }
  override inConnectionLost(): void {
    this.events.push('in lost')
  }
  override outConnectionLost(): void {
    this.events.push('out lost')
  }
  override errConnectionLost(): void {
    this.events.push('err lost')
  }
}

class Silent extends ProcessProtocol {}

describe('ProcessProtocol', () => {
  test('calls a callback for each standard descriptor, and returns its promise', async () => {
    const protocol = new Named()
    const transport = {} as ProcessTransport
    expect(() => protocol.transport).toThrow(NotConnectedError)
    await protocol.makeConnection(transport)
    expect(protocol.transport).toBe(transport)
    for (const childFD of [1, 2]) {
      expect(protocol.childDataReceived(childFD, Buffer.from('hi'))).toBeInstanceOf(Promise)
    }
    expect(protocol.childDataReceived(3, Buffer.from('hi'))).toBeUndefined()
    for (const childFD of [0, 1, 2, 3]) protocol.childConnectionLost(childFD)
    expect(protocol.events).toEqual(['made', 'out hi', 'err hi', 'in lost', 'out lost', 'err lost'])
  })

  test('returns the promises of the callbacks for ends of pipes, so that their rejections are handled', async () => {
    const fault = new Error('disk full')
    const protocol = new (class extends ProcessProtocol {
      override async inConnectionLost(): Promise<void> {
        throw fault
      }
      override async outConnectionLost(): Promise<void> {
        throw fault
      }
      override async errConnectionLost(): Promise<void> {
        throw fault
      }
    })()
    for (const childFD of [0, 1, 2]) await expect(protocol.childConnectionLost(childFD)).rejects.toBe(fault)
  })

  test('works without an overridden callback', () => {
    const protocol = new Silent()
    expect(protocol.makeConnection({} as ProcessTransport)).toBeUndefined()
    for (const childFD of [0, 1, 2]) {
      expect(protocol.childDataReceived(childFD, Buffer.from('hi'))).toBeUndefined()
      protocol.childConnectionLost(childFD)
    }
    expect(protocol.processExited(new ProcessDone())).toBeUndefined()
    expect(protocol.processEnded(new ProcessDone())).toBeUndefined()
  })
})
