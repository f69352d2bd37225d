import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { producerFrom } from '../../src/transport/producer-from.ts'

describe('producerFrom', () => {
  test('makes a stream wait above the high-water mark, and releases it when the connection is gone (K39, K41)', () => {
    const transport = StringTransport.connect(new Recorder(), {
      options: { highWaterBytes: 4, lowWaterBytes: 2 },
    })
    const stream = new Readable({ read: () => undefined })
    stream.on('data', (data: Buffer) => transport.write(data))
    transport.registerProducer(producerFrom(stream), true)
    transport.block()
    transport.write('12345')
    expect(stream.isPaused()).toBe(true)
    transport.pump()
    transport.unblock()
    expect(stream.isPaused()).toBe(false)
    transport.receiveReset()
    expect(stream.destroyed).toBe(true)
  })
})
