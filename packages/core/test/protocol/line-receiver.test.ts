import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineOnlyReceiver, LineReceiver } from '../../src/protocol/line-receiver.ts'
import { chunkings } from '../../src/testing/chunkings.ts'
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

describe('line-receiver', () => {
  /** Keeps what it hears; a line that names a command obeys it. */
  class Listener extends LineReceiver {
    override maxLengthBytes = 64
    readonly heard: string[] = []
    rawLeft = 0

    override lineReceived(line: Buffer): void | Promise<void> {
      const text = line.toString('latin1')
      this.heard.push(text)
      const [word, count] = text.split(' ')
      if (word === 'raw') this.#expectRaw(Number(count))
      else if (word === 'pause') this.pauseProducing()
      else if (word === 'lose') this.transport.loseConnection()
      else if (word === 'clear') this.heard.push(`cleared ${this.clearLineBuffer().toString('latin1')}`)
      else if (word === 'semicolon') this.delimiter = Buffer.from(';')
    }

    override rawDataReceived(data: Buffer): void {
      const own = data.subarray(0, this.rawLeft)
      this.rawLeft -= own.length
      this.heard.push(`<${own.toString('latin1')}>`)
      if (this.rawLeft === 0) this.setLineMode(data.subarray(own.length))
    }

    override lineLengthExceeded(line: Buffer): unknown {
      this.heard.push(`exceeded ${line.length}`)
      return super.lineLengthExceeded(line)
    }

    #expectRaw(count: number): void {
      this.rawLeft = count
      this.setRawMode()
    }
  }

  function listen(...pieces: (string | Buffer)[]): { listener: Listener; transport: StringTransport } {
    const listener = new Listener()
    const transport = StringTransport.connect(listener)
    for (const piece of pieces) transport.receive(piece)
    return { listener, transport }
  }

  /** What was heard, the same in every chunking; raw pieces are joined. */
  function expectHeard(text: string, heard: string[]): void {
    for (const pieces of chunkings(Buffer.from(text, 'latin1'))) {
      const { listener } = listen(...pieces)
      expect(listener.heard.join('\n').replaceAll('>\n<', '')).toBe(heard.join('\n'))
    }
  }

  describe('LineReceiver', () => {
    test('statement 86, cases 152 to 155: lines in any pieces, empty ones, bare line feeds and any byte', () => {
      expectHeard('a\r\nb\r\n', ['a', 'b'])
      expectHeard('\r\n\r\n', ['', ''])
      expectHeard('a\nb\r\n', ['a\nb'])
      expectHeard('\0\xff\r\n', ['\0\xff'])
    })

    test('goes on to the next line whatever a callback returns, and waits for any thenable', async () => {
      const heard: string[] = []
      let go = (): void => undefined
      const results: Record<string, unknown> = {
        false: false,
        null: null,
        // Not every promise is of our own Promise.
        // oxlint-disable-next-line unicorn/no-thenable
        thenable: { then: (resolve: () => void) => void (go = resolve) },
      }
      const transport = StringTransport.connect(
        new (class extends LineReceiver {
          override lineReceived(line: Buffer): unknown {
            heard.push(line.toString())
            return results[line.toString()]
          }
        })(),
      )
      transport.receive('false\r\nnull\r\nthenable\r\nlast\r\n')
      await transport.reactor.settle()
      expect(heard).toEqual(['false', 'null', 'thenable'])
      go()
      await transport.reactor.settle()
      expect(heard.at(-1)).toBe('last')
    })

    test('statements 83, 85, cases 156, 157, 159: the limit does not count the delimiter, and all the rest is handed over', () => {
      expectHeard(`${'x'.repeat(64)}\r\n`, ['x'.repeat(64)])
      expect(listen(`${'x'.repeat(65)}\r\nshort\r\n`).listener.heard).toEqual(['exceeded 74'])
      expect(listen(`ok\r\n${'x'.repeat(65)}\r\n`).listener.heard).toEqual(['ok', 'exceeded 67'])
    })

    test('statement 84, case 158: half a delimiter may still come, more bytes may not', () => {
      const { listener, transport } = listen(`${'x'.repeat(64)}\r`)
      expect(listener.heard).toEqual([])
      transport.receive('\n')
      expect(listener.heard).toEqual(['x'.repeat(64)])
      const long = listen('x'.repeat(65))
      expect(long.listener.heard).toEqual(['exceeded 65'])
      expect(long.transport.disconnecting).toBe(true)
    })

    test('a line too long may be skipped: what is given back is parsed in the same turn', () => {
      const heard: string[] = []
      const transport = StringTransport.connect(
        new (class extends LineReceiver {
          override maxLengthBytes = 5
          override lineReceived(line: Buffer): void {
            heard.push(line.toString())
          }
          override lineLengthExceeded(line: Buffer): void {
            this.setLineMode(line.subarray(line.indexOf('\r\n') + 2))
          }
        })(),
      )
      transport.receive('one\r\nmuch too long\r\ntwo\r\n')
      expect(heard).toEqual(['one', 'two'])
    })

    test('statements 88, 89, case 161: raw bytes and back, in one turn', () => {
      expectHeard('raw 5\r\nhellonext\r\nq\r\n', ['raw 5', '<hello>', 'next', 'q'])
    })

    test('statement 90, cases 162, 163: a pause holds what has come, a resume gives it first', () => {
      const { listener, transport } = listen('pause\r\ntwo\r\nthree\r\n')
      expect(listener.heard).toEqual(['pause'])
      listener.resumeProducing()
      expect(listener.heard).toEqual(['pause', 'two', 'three'])
      transport.receive('four\r\n')
      expect(listener.heard.at(-1)).toBe('four')
      const raw = listen('pause\r\nraw 3\r\nabc')
      raw.listener.resumeProducing()
      expect(raw.listener.heard).toEqual(['pause', 'raw 3', '<abc>'])
    })

    test('statement 87, case 164: nothing after loseConnection', () => {
      expectHeard('lose\r\nb\r\n', ['lose'])
    })

    test('statement 91, case 165: the buffer can be taken', () => {
      expect(listen('clear\r\nrest\r\n').listener.heard).toEqual(['clear', 'cleared rest\r\n'])
    })

    test('statement 92: a change of delimiter takes effect on the next line', () => {
      expectHeard('semicolon\r\na;b\r\n;', ['semicolon', 'a', 'b\r\n'])
    })

    test('case 166: 10 000 switches in one segment need no stack', () => {
      const { listener } = listen('raw 1\r\nx'.repeat(10_000))
      expect(listener.heard.length).toBe(20_000)
    })

    test('case 175: sends lines with their delimiter', () => {
      const { listener, transport } = listen()
      listener.sendLine('hi')
      listener.sendLine('')
      expect(transport.value()).toBe('hi\r\n\r\n')
    })

    test('raw mode without rawDataReceived aborts the connection and says why', () => {
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

    test('what comes out does not depend on where it was cut', () => {
      const text = fc.array(fc.constantFrom('a', '\r', '\n', '\r\n', 'raw 3\r\n', 'xyz'), { maxLength: 40 })
      fc.assert(
        fc.property(text, fc.nat(), (parts, cut) => {
          const whole = Buffer.from(parts.join(''))
          const at = cut % (whole.length + 1)
          const heard = (...pieces: Buffer[]): string =>
            listen(...pieces)
              .listener.heard.join('\n')
              .replaceAll('>\n<', '')
          expect(heard(Buffer.from(whole.subarray(0, at)), Buffer.from(whole.subarray(at)))).toBe(
            heard(whole),
          )
        }),
      )
    })
  })
})
