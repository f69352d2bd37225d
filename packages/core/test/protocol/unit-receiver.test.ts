import { describe, expect, test } from 'vitest'
import type { ByteQueue } from '../../src/bytes/byte-queue.ts'
import { FramingProtocol } from '../../src/protocol/unit-receiver.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

/** Units of two bytes. */
class Pairs extends FramingProtocol {
  readonly heard: string[] = []
  protected override takeFrame(input: ByteQueue): boolean | void {
    const pair = input.takeExactly(2)
    if (pair === undefined) return false
    this.heard.push(pair.toString())
    if (pair.toString() === 'xx') this.stopParsing()
    return undefined
  }
}

describe('FramingProtocol', () => {
  test('is all a framing of one’s own needs', () => {
    const pairs = new Pairs()
    const transport = StringTransport.connect(pairs)
    transport.receive('aab')
    transport.receive('b')
    pairs.pauseProducing()
    transport.receive('cc')
    expect(pairs.heard).toEqual(['aa', 'bb'])
    pairs.resumeProducing()
    transport.pump()
    expect(pairs.heard).toEqual(['aa', 'bb', 'cc'])
    transport.receive('d')
    expect(pairs.clearBuffer().toString()).toBe('d')
    transport.receive('xxee')
    expect(pairs.heard.at(-1)).toBe('xx')
    pairs.stopProducing()
    expect(transport.disconnecting).toBe(true)
  })
})
