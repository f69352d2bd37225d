import { describe, expect, test } from 'vitest'
import { ParseLoop } from '../../src/protocol/parse-loop.ts'
import { Protocol } from '../../src/protocol/protocol.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

class Bytes extends Protocol {
  readonly heard: number[] = []
  readonly loop: ParseLoop = new ParseLoop(this, (input) => {
    const byte = input.takeExactly(1)?.[0]
    if (byte === undefined) return false
    this.heard.push(byte)
    // Asking again from within changes nothing: the loop is running.
    this.loop.goOn()
    return undefined
  })
  override dataReceived(data: Buffer): void | Promise<void> {
    return this.loop.receive(data)
  }
}

describe('ParseLoop', () => {
  test('takes unit after unit, is never entered twice, and stops for good when told so', () => {
    const bytes = new Bytes()
    const transport = StringTransport.connect(bytes)
    transport.receive(Buffer.of(1, 2, 3))
    expect(bytes.heard).toEqual([1, 2, 3])
    bytes.loop.stop()
    transport.receive(Buffer.of(4))
    expect(bytes.heard).toEqual([1, 2, 3])
    expect(bytes.loop.input.length).toBe(1)
  })
})
