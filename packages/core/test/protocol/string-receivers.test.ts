import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Int16StringReceiver,
  Int32StringReceiver,
  Int8StringReceiver,
  NetstringReceiver,
} from '../../src/protocol/string-receivers.ts'
import { chunkings } from '../../src/testing/chunkings.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

class Listener extends Int16StringReceiver {
  override maxLengthBytes = 50
  readonly received: string[] = []
  override stringReceived(data: Buffer): void {
    this.received.push(data.toString())
  }
  override lengthLimitExceeded(length: number): unknown {
    this.received.push(`exceeded ${length}`)
    return super.lengthLimitExceeded(length)
  }
}

class Int8 extends Int8StringReceiver {
  override stringReceived(): void {}
}

class Int32 extends Int32StringReceiver {
  override stringReceived(): void {}
}

describe('IntNStringReceiver', () => {
  test('delivers strings in any chunking, and keeps incomplete ones', () => {
    for (const pieces of chunkings('\0\x03foo\0\0\0\x02ba\0\x05ha')) {
      const listener = new Listener()
      const transport = StringTransport.connect(listener)
      for (const piece of pieces) transport.receive(piece)
      expect(listener.received).toEqual(['foo', '', 'ba'])
      transport.receive('lf!')
      expect(listener.received.at(-1)).toBe('half!')
    }
  })

  test('closes the connection for a length beyond the limit, before the string arrives', () => {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    transport.receive('\0\x01a\0\x33')
    transport.receive('x'.repeat(60))
    expect(listener.received).toEqual(['a', 'exceeded 51'])
    expect(transport.disconnecting).toBe(true)
  })

  test('parses and keeps nothing more after a length beyond the limit, even if lengthLimitExceeded does not close', async () => {
    const lenient = new (class extends Int8StringReceiver {
      override maxLengthBytes = 5
      override stringReceived(): void {}
      override async lengthLimitExceeded(): Promise<void> {
        await this.transport.drained()
        throw new Error('also failed')
      }
    })()
    const transport = StringTransport.connect(lenient)
    transport.receive('\x06')
    transport.receive('x'.repeat(1000))
    expect(lenient.clearBuffer().toString('latin1')).toBe('\x06')
    await transport.reactor.settle()
    expect(transport.connected).toBe(false)
    expect(transport.reactor.logged.map((event) => event.error)).toEqual([new Error('also failed')])
  })

  test('a switch gives the remaining bytes to the next protocol', () => {
    const next = new Listener()
    const transport = StringTransport.connect(
      new (class extends Int8StringReceiver {
        override maxLengthBytes = 5
        override stringReceived(data: Buffer): void {
          if (data.toString() === 'go') this.transport.switchProtocol(next, this.clearBuffer())
        }
      })(),
    )
    transport.receive('\x01a\x02go\0\x03foo\0\x03b')
    transport.receive('ar')
    expect(next.received).toEqual(['foo', 'bar'])
  })

  test('sends a string after its length, or nothing when it is too long', () => {
    for (const [protocol, prefix] of [
      [new Int8(), '\x03'],
      [new Listener(), '\0\x03'],
      [new Int32(), '\0\0\0\x03'],
    ] as const) {
      const transport = StringTransport.connect(protocol)
      protocol.sendString('abc')
      expect(transport.value('latin1')).toBe(`${prefix}abc`)
    }
    const int8 = new Int8()
    const transport = StringTransport.connect(int8)
    expect(() => int8.sendString('x'.repeat(256))).toThrow(RangeError)
    expect(transport.value()).toBe('')
  })

  test('a pause holds strings already received, and clearBuffer takes them', () => {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    listener.pauseProducing()
    transport.receive('\0\x01a\0\x01b')
    expect(listener.received).toEqual([])
    listener.resumeProducing()
    transport.pump()
    expect(listener.received).toEqual(['a', 'b'])
    transport.receive('\0\x09part')
    expect(listener.clearBuffer().toString('latin1')).toBe('\0\x09part')
  })

  test('reads what it wrote, in every chunking', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 })), fc.nat(), (strings, cut) => {
        const writer = new Int32()
        const sent = StringTransport.connect(writer)
        for (const text of strings) writer.sendString(text)
        const received: string[] = []
        const receiver = StringTransport.connect(
          new (class extends Int32StringReceiver {
            override stringReceived(data: Buffer): void {
              received.push(data.toString())
            }
          })(),
        )
        const bytes = sent.bytes()
        receiver.receive(bytes.subarray(0, cut % (bytes.length + 1)))
        receiver.receive(bytes.subarray(cut % (bytes.length + 1)))
        expect(received).toEqual(strings)
      }),
    )
  })
})

describe('netstring-receiver', () => {
  class NetstringListener extends NetstringReceiver {
    override maxLengthBytes = 50
    readonly received: string[] = []
    override stringReceived(data: Buffer): void {
      this.received.push(data.toString('latin1'))
    }
  }

  function listen(...pieces: (string | Buffer)[]): { received: string[]; closed: boolean } {
    const listener = new NetstringListener()
    const transport = StringTransport.connect(listener)
    for (const piece of pieces) transport.receive(piece)
    return { received: listener.received, closed: transport.disconnecting }
  }

  describe('NetstringReceiver', () => {
    test('delivers strings in any chunking', () => {
      for (const [text, received] of [
        ['0:,', ['']],
        ['1:a,', ['a']],
        ['4:1:a,,', ['1:a,']],
        ['1:a,2:bc,', ['a', 'bc']],
        [`50:${'x'.repeat(50)},`, ['x'.repeat(50)]],
      ] as const) {
        for (const pieces of chunkings(text)) expect(listen(...pieces)).toEqual({ received, closed: false })
      }
    })

    test('closes as soon as the input cannot be a netstring', () => {
      for (const text of [
        '9999999999999999999999',
        'abc',
        '4:abcde',
        '51',
        '2:aaa,',
        '0:a,',
        ':aaa,',
        '3aaa,',
        '01:a,',
        '00:,',
        '+1:a,',
        ' 1:a,',
        '1 :a,',
        '-1:a,',
        '1:a;',
      ]) {
        for (const pieces of chunkings(text))
          expect(listen(...pieces), text).toEqual({ received: [], closed: true })
      }
      expect(listen('1:a,x')).toEqual({ received: ['a'], closed: true })
      expect(listen('51').closed).toBe(true)
      expect(listen('5').closed).toBe(false)
    })

    test('reads what it wrote; arbitrary bytes only ever close the connection', () => {
      fc.assert(
        fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 50 })), (strings) => {
          const writer = new NetstringListener()
          const transport = StringTransport.connect(writer)
          for (const text of strings) writer.sendString(text)
          expect(listen(transport.bytes())).toEqual({ received: strings, closed: false })
        }),
      )
      fc.assert(
        fc.property(
          fc.array(fc.uint8Array({ maxLength: 20 })),
          (pieces) => void listen(...pieces.map((piece) => Buffer.from(piece))),
        ),
      )
    })
  })
})
