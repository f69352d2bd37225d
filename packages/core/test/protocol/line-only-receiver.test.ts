import { describe, expect, test } from 'vitest'
import { LineOnlyReceiver } from '../../src/protocol/line-only-receiver.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

class Listener extends LineOnlyReceiver {
  override maxLengthBytes = 64
  readonly heard: string[] = []
  go: (() => void) | undefined

  override lineReceived(line: Buffer): void | Promise<void> {
    this.heard.push(line.toString())
    if (line.toString() === 'wait') return new Promise((resolve) => (this.go = resolve))
    if (line.toString() === 'fail') return Promise.reject(new Error('failed'))
    if (line.toString() === 'throw') throw new Error('thrown')
    return undefined
  }
}

describe('LineOnlyReceiver', () => {
  test('delivers lines, and closes on one that is too long (case 160)', () => {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    transport.receive('one\r\ntwo\r\n')
    transport.receive('x'.repeat(65))
    expect(listener.heard).toEqual(['one', 'two'])
    expect(transport.disconnecting).toBe(true)
  })

  test('a promise of lineReceived holds back the lines behind it', async () => {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    transport.receive('wait\r\ntwo\r\n')
    transport.receive('three\r\n')
    await transport.reactor.settle()
    expect(listener.heard).toEqual(['wait'])
    listener.go?.()
    await transport.reactor.settle()
    expect(listener.heard).toEqual(['wait', 'two', 'three'])
  })

  test('a promise of lineLengthExceeded is waited for, and its fault aborts the connection', async () => {
    const transport = StringTransport.connect(
      new (class extends LineOnlyReceiver {
        override maxLengthBytes = 5
        override lineReceived(): void {}
        override async lineLengthExceeded(): Promise<void> {
          await this.transport.drained()
          throw new Error('also failed')
        }
      })(),
    )
    transport.receive('too long')
    await transport.reactor.settle()
    expect(transport.connected).toBe(false)
    expect(transport.reactor.logged.map((event) => event.error)).toEqual([new Error('also failed')])
  })

  test('a fault aborts the connection, also behind a pause', async () => {
    for (const word of ['fail', 'throw']) {
      const listener = new Listener()
      const transport = StringTransport.connect(listener)
      listener.pauseProducing()
      transport.receive(`${word}\r\nnever\r\n`)
      listener.resumeProducing()
      await transport.reactor.settle()
      expect(transport.connected).toBe(false)
      expect(transport.reactor.logged.length).toBe(1)
      expect(listener.heard).toEqual([word])
    }
  })

  test('bytes that are not parsed can go to the next protocol', () => {
    const next = new Listener()
    const transport = StringTransport.connect(
      new (class extends LineOnlyReceiver {
        override lineReceived(): void {
          this.transport.switchProtocol(next, this.clearLineBuffer())
        }
      })(),
    )
    transport.receive('switch\r\none\r\ntwo')
    transport.receive('\r\n')
    expect(next.heard).toEqual(['one', 'two'])
  })
})
