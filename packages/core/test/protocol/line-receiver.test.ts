import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineOnlyReceiver, LineReceiver } from '../../src/protocol/line-receiver.ts'
import { chunkings } from '../../src/testing/chunkings.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

class Listener extends LineOnlyReceiver {
  override maxLengthBytes = 64
  readonly received: string[] = []
  go: (() => void) | undefined

  override lineReceived(line: Buffer): void | Promise<void> {
    this.received.push(line.toString())
    if (line.toString() === 'wait') return new Promise((resolve) => (this.go = resolve))
    if (line.toString() === 'fail') return Promise.reject(new Error('failed'))
    if (line.toString() === 'throw') throw new Error('thrown')
    return undefined
  }
}

describe('LineOnlyReceiver', () => {
  test('delivers lines, and closes for a line that is too long', () => {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    transport.receive('one\r\ntwo\r\n')
    transport.receive('x'.repeat(65))
    expect(listener.received).toEqual(['one', 'two'])
    expect(transport.disconnecting).toBe(true)
  })

  test('a promise of lineReceived holds the lines after it', async () => {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    transport.receive('wait\r\ntwo\r\n')
    transport.receive('three\r\n')
    await transport.reactor.settle()
    expect(listener.received).toEqual(['wait'])
    listener.go?.()
    await transport.reactor.settle()
    expect(listener.received).toEqual(['wait', 'two', 'three'])
  })

  test('a promise of lineLengthExceeded is awaited, and its rejection aborts the connection', async () => {
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

  test('a throw aborts the connection, also after a pause', async () => {
    for (const word of ['fail', 'throw']) {
      const listener = new Listener()
      const transport = StringTransport.connect(listener)
      listener.pauseProducing()
      transport.receive(`${word}\r\nnever\r\n`)
      listener.resumeProducing()
      await transport.reactor.settle()
      expect(transport.connected).toBe(false)
      expect(transport.reactor.logged.length).toBe(1)
      expect(listener.received).toEqual([word])
    }
  })

  test('bytes not yet parsed can be given to the next protocol', () => {
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
    expect(next.received).toEqual(['one', 'two'])
  })
})

describe('line-receiver', () => {
  /** Records lines and raw bytes; a line that names a command runs it. */
  class RawListener extends LineReceiver {
    override maxLengthBytes = 64
    readonly received: string[] = []
    rawLeft = 0

    override lineReceived(line: Buffer): void | Promise<void> {
      const text = line.toString('latin1')
      this.received.push(text)
      const [word, count] = text.split(' ')
      if (word === 'raw') this.#expectRaw(Number(count))
      else if (word === 'pause') this.pauseProducing()
      else if (word === 'lose') this.transport.loseConnection()
      else if (word === 'clear') this.received.push(`cleared ${this.clearLineBuffer().toString('latin1')}`)
      else if (word === 'semicolon') this.delimiter = Buffer.from(';')
    }

    override rawDataReceived(data: Buffer): void {
      const own = data.subarray(0, this.rawLeft)
      this.rawLeft -= own.length
      this.received.push(`<${own.toString('latin1')}>`)
      if (this.rawLeft === 0) this.setLineMode(data.subarray(own.length))
    }

    override lineLengthExceeded(line: Buffer): unknown {
      this.received.push(`exceeded ${line.length}`)
      return super.lineLengthExceeded(line)
    }

    #expectRaw(count: number): void {
      this.rawLeft = count
      this.setRawMode()
    }
  }

  function listen(...pieces: (string | Buffer)[]): { listener: RawListener; transport: StringTransport } {
    const listener = new RawListener()
    const transport = StringTransport.connect(listener)
    for (const piece of pieces) transport.receive(piece)
    return { listener, transport }
  }

  /** Expects the same record in every chunking; raw pieces are joined. */
  function expectReceived(text: string, received: string[]): void {
    for (const pieces of chunkings(Buffer.from(text, 'latin1'))) {
      const { listener } = listen(...pieces)
      expect(listener.received.join('\n').replaceAll('>\n<', '')).toBe(received.join('\n'))
    }
  }

  describe('LineReceiver', () => {
    test('delivers lines in any chunking, empty ones, bare line feeds and any byte', () => {
      expectReceived('a\r\nb\r\n', ['a', 'b'])
      expectReceived('\r\n\r\n', ['', ''])
      expectReceived('a\nb\r\n', ['a\nb'])
      expectReceived('\0\xff\r\n', ['\0\xff'])
    })

    test('continues with the next line whatever a callback returns, and waits for any thenable', async () => {
      const received: string[] = []
      let go = (): void => undefined
      const results: Record<string, unknown> = {
        false: false,
        null: null,
        // Not every thenable is an instance of Promise.
        // oxlint-disable-next-line unicorn/no-thenable
        thenable: { then: (resolve: () => void) => void (go = resolve) },
      }
      const transport = StringTransport.connect(
        new (class extends LineReceiver {
          override lineReceived(line: Buffer): unknown {
            received.push(line.toString())
            return results[line.toString()]
          }
        })(),
      )
      transport.receive('false\r\nnull\r\nthenable\r\nlast\r\n')
      await transport.reactor.settle()
      expect(received).toEqual(['false', 'null', 'thenable'])
      go()
      await transport.reactor.settle()
      expect(received.at(-1)).toBe('last')
    })

    test('the limit does not count the delimiter, and lineLengthExceeded gets all remaining bytes', () => {
      expectReceived(`${'x'.repeat(64)}\r\n`, ['x'.repeat(64)])
      expect(listen(`${'x'.repeat(65)}\r\nshort\r\n`).listener.received).toEqual(['exceeded 74'])
      expect(listen(`ok\r\n${'x'.repeat(65)}\r\n`).listener.received).toEqual(['ok', 'exceeded 67'])
    })

    test('a line at the limit may be followed by half a delimiter, but by no other byte', () => {
      const { listener, transport } = listen(`${'x'.repeat(64)}\r`)
      expect(listener.received).toEqual([])
      transport.receive('\n')
      expect(listener.received).toEqual(['x'.repeat(64)])
      const long = listen('x'.repeat(65))
      expect(long.listener.received).toEqual(['exceeded 65'])
      expect(long.transport.disconnecting).toBe(true)
    })

    test('a line that is too long can be skipped: bytes given to setLineMode are parsed in the same turn', () => {
      const received: string[] = []
      const transport = StringTransport.connect(
        new (class extends LineReceiver {
          override maxLengthBytes = 5
          override lineReceived(line: Buffer): void {
            received.push(line.toString())
          }
          override lineLengthExceeded(line: Buffer): void {
            this.setLineMode(line.subarray(line.indexOf('\r\n') + 2))
          }
        })(),
      )
      transport.receive('one\r\nmuch too long\r\ntwo\r\n')
      expect(received).toEqual(['one', 'two'])
    })

    test('switches to raw bytes and back in one turn', () => {
      expectReceived('raw 5\r\nhellonext\r\nq\r\n', ['raw 5', '<hello>', 'next', 'q'])
    })

    test('a pause holds the bytes received, a resume delivers them first', () => {
      const { listener, transport } = listen('pause\r\ntwo\r\nthree\r\n')
      expect(listener.received).toEqual(['pause'])
      listener.resumeProducing()
      expect(listener.received).toEqual(['pause', 'two', 'three'])
      transport.receive('four\r\n')
      expect(listener.received.at(-1)).toBe('four')
      const raw = listen('pause\r\nraw 3\r\nabc')
      raw.listener.resumeProducing()
      expect(raw.listener.received).toEqual(['pause', 'raw 3', '<abc>'])
    })

    test('delivers nothing after loseConnection', () => {
      expectReceived('lose\r\nb\r\n', ['lose'])
    })

    test('clearLineBuffer takes the bytes not yet parsed', () => {
      expect(listen('clear\r\nrest\r\n').listener.received).toEqual(['clear', 'cleared rest\r\n'])
    })

    test('a change of delimiter takes effect on the next line', () => {
      expectReceived('semicolon\r\na;b\r\n;', ['semicolon', 'a', 'b\r\n'])
    })

    test('10 000 switches of the mode in one segment do not overflow the stack', () => {
      const { listener } = listen('raw 1\r\nx'.repeat(10_000))
      expect(listener.received.length).toBe(20_000)
    })

    test('sends lines with their delimiter', () => {
      const { listener, transport } = listen()
      listener.sendLine('hi')
      listener.sendLine('')
      expect(transport.value()).toBe('hi\r\n\r\n')
    })

    test('raw mode without rawDataReceived aborts the connection with an error that names it', () => {
      const transport = StringTransport.connect(
        new (class Forgetful extends LineReceiver {
          override lineReceived(): void {
            this.setRawMode()
          }
        })(),
      )
      transport.receive('a\r\nb')
      expect(transport.connected).toBe(false)
      expect(transport.reactor.logged[0]?.error).toEqual(
        new Error('Forgetful is in raw mode but has no rawDataReceived'),
      )
    })

    test('delivers the same in every chunking', () => {
      const text = fc.array(fc.constantFrom('a', '\r', '\n', '\r\n', 'raw 3\r\n', 'xyz'), { maxLength: 40 })
      fc.assert(
        fc.property(text, fc.nat(), (parts, cut) => {
          const whole = Buffer.from(parts.join(''))
          const at = cut % (whole.length + 1)
          const received = (...pieces: Buffer[]): string =>
            listen(...pieces)
              .listener.received.join('\n')
              .replaceAll('>\n<', '')
          expect(received(Buffer.from(whole.subarray(0, at)), Buffer.from(whole.subarray(at)))).toBe(
            received(whole),
          )
        }),
      )
    })
  })
})
