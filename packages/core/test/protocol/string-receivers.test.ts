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
  readonly heard: string[] = []
  override stringReceived(data: Buffer): void {
    this.heard.push(data.toString())
  }
  override lengthLimitExceeded(length: number): unknown {
    this.heard.push(`exceeded ${length}`)
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
  test('case 171: strings in any pieces, the rest kept', () => {
    for (const pieces of chunkings('\0\x03foo\0\0\0\x02ba\0\x05ha')) {
      const listener = new Listener()
      const transport = StringTransport.connect(listener)
      for (const piece of pieces) transport.receive(piece)
      expect(listener.heard).toEqual(['foo', '', 'ba'])
      transport.receive('lf!')
      expect(listener.heard.at(-1)).toBe('half!')
    }
  })

  test('statement 94, case 172: a length beyond the limit ends it before the string comes', () => {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    transport.receive('\0\x01a\0\x33')
    transport.receive('x'.repeat(60))
    expect(listener.heard).toEqual(['a', 'exceeded 51'])
    expect(transport.disconnecting).toBe(true)
  })

  test('a length beyond the limit that is let pass ends the parsing, and nothing is kept', async () => {
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

  test('case 174: a switch gives the rest to the next protocol', () => {
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
    expect(next.heard).toEqual(['foo', 'bar'])
  })

  test('case 173: sends a string behind its length, or nothing when it is too long', () => {
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

  test('a pause holds strings that have come, and the buffer can be taken', () => {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    listener.pauseProducing()
    transport.receive('\0\x01a\0\x01b')
    expect(listener.heard).toEqual([])
    listener.resumeProducing()
    transport.pump()
    expect(listener.heard).toEqual(['a', 'b'])
    transport.receive('\0\x09part')
    expect(listener.clearBuffer().toString('latin1')).toBe('\0\x09part')
  })

  test('reads what it wrote, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 })), fc.nat(), (strings, cut) => {
        const writer = new Int32()
        const sent = StringTransport.connect(writer)
        for (const text of strings) writer.sendString(text)
        const heard: string[] = []
        const received = StringTransport.connect(
          new (class extends Int32StringReceiver {
            override stringReceived(data: Buffer): void {
              heard.push(data.toString())
            }
          })(),
        )
        const bytes = sent.bytes()
        received.receive(bytes.subarray(0, cut % (bytes.length + 1)))
        received.receive(bytes.subarray(cut % (bytes.length + 1)))
        expect(heard).toEqual(strings)
      }),
    )
  })
})

describe('netstring-receiver', () => {
  class Listener extends NetstringReceiver {
    override maxLengthBytes = 50
    readonly heard: string[] = []
    override stringReceived(data: Buffer): void {
      this.heard.push(data.toString('latin1'))
    }
  }

  function listen(...pieces: (string | Buffer)[]): { heard: string[]; closed: boolean } {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    for (const piece of pieces) transport.receive(piece)
    return { heard: listener.heard, closed: transport.disconnecting }
  }

  describe('NetstringReceiver', () => {
    test('cases 167, 170: strings in any pieces', () => {
      for (const [text, heard] of [
        ['0:,', ['']],
        ['1:a,', ['a']],
        ['4:1:a,,', ['1:a,']],
        ['1:a,2:bc,', ['a', 'bc']],
        [`50:${'x'.repeat(50)},`, ['x'.repeat(50)]],
      ] as const) {
        for (const pieces of chunkings(text)) expect(listen(...pieces)).toEqual({ heard, closed: false })
      }
    })

    test('statement 93, cases 168, 169: closes as soon as it is certain that it is none', () => {
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
          expect(listen(...pieces), text).toEqual({ heard: [], closed: true })
      }
      expect(listen('1:a,x')).toEqual({ heard: ['a'], closed: true })
      expect(listen('51').closed).toBe(true)
      expect(listen('5').closed).toBe(false)
    })

    test('reads what it wrote; arbitrary bytes only ever close the connection', () => {
      fc.assert(
        fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 50 })), (strings) => {
          const writer = new Listener()
          const transport = StringTransport.connect(writer)
          for (const text of strings) writer.sendString(text)
          expect(listen(transport.bytes())).toEqual({ heard: strings, closed: false })
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
