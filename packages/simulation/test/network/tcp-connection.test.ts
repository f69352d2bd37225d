import { describe, expect, test } from 'vitest'
import { TwoEnds } from './two-ends.ts'

const MESSAGE = Buffer.from(Array.from({ length: 50_000 }, (_, at) => at % 251))

describe('TCPConnection', () => {
  test.each(Array.from({ length: 30 }, (_, seed) => String(seed)))(
    'delivers every byte once and in order, then the FIN, both ways, with a fifth of the packets lost (seed %s)',
    (seed) => {
      const ends = TwoEnds.opened({ seed, link: { lossPerMille: 200 }, limits: { giveUpMs: Infinity } })
      const both = [ends.client, ends.server]
      for (const { connection } of both) {
        connection.write([MESSAGE.subarray(0, 10), ''])
        connection.write([MESSAGE.subarray(10)])
        connection.finish()
        connection.finish()
      }
      ends.pass()
      for (const { bytes, notifications } of both) {
        expect(bytes.equals(MESSAGE)).toBe(true)
        expect(notifications.filter((what) => what !== 'old').toSorted()).toEqual([
          'ended',
          'established',
          'writable',
        ])
      }
    },
  )

  test('cuts anywhere, down to one byte, or with `cuts: none` only at full segments', () => {
    const [cut, whole] = [TwoEnds.opened({ seed: '2' }), TwoEnds.opened({ limits: { cuts: 'none' } })]
    for (const ends of [cut, whole]) {
      ends.client.connection.write([MESSAGE])
      ends.pass()
    }
    expect(Math.min(...cut.server.pieces.map(({ length }) => length))).toBe(1)
    expect(Math.max(...whole.server.pieces.map(({ length }) => length))).toBe(1460)
  })

  test('blocks a writer whose peer does not read, and notifies it when it may continue', () => {
    const { client, server, ...ends } = opened()
    server.reads = false
    expect(client.connection.write([Buffer.alloc(500)])).toBe(true)
    expect(client.connection.write([Buffer.alloc(9_500)])).toBe(false)
    ends.pass(5000)
    expect([server.bytes.length, client.notifications]).toEqual([3000, ['established']])
    server.reads = true
    server.readAll()
    ends.pass()
    expect([server.bytes.length, client.notifications]).toEqual([10_000, ['established', 'writable']])
  })

  test('breaks with ETIMEDOUT when nothing arrives for too long, or no acknowledgement', () => {
    for (const direction of ['forth', 'back'] as const) {
      const ends = TwoEnds.opened()
      ends[direction].setDown(true)
      ends.client.connection.write([MESSAGE])
      ends.pass()
      expect(ends.client.notifications).toContain('ETIMEDOUT')
    }
  })

  test('gives up connecting with ETIMEDOUT', () => {
    const ends = new TwoEnds({ link: { lossPerMille: 1000 } })
    ends.open()
    ends.pass()
    expect(ends.client.notifications).toEqual(['forgotten', 'ETIMEDOUT'])
    expect(ends.client.sent.map(({ kind }) => kind)).toEqual(['SYN', 'SYN', 'SYN', 'SYN'])
  })

  test('is established at the client, but not at the server, while the third packet is lost', () => {
    const ends = new TwoEnds()
    ends.open()
    while (!ends.client.notifications.includes('established')) ends.events.step()
    ends.forth.setDown(true)
    ends.pass(5000)
    expect(ends.server.notifications).toEqual([])
    ends.forth.setDown(false)
    ends.client.connection.write(['hello'])
    ends.pass()
    expect([ends.server.notifications, String(ends.server.bytes)]).toEqual([['established'], 'hello'])
  })

  test('sends no silly windows: megabytes take as many segments as their size needs', () => {
    const limits = { receiveBufferBytes: 65_536, sendBufferBytes: 65_536 }
    const { client, server, ...ends } = opened({ limits })
    const segments: number[] = []
    for (let round = 0; round < 8; round++) {
      client.connection.write([Buffer.alloc(500_000)])
      ends.pass()
      segments.push(client.stats.segments)
    }
    expect(server.bytes.length).toBe(4_000_000)
    const [first = 0] = segments
    expect(first).toBeLessThan(700)
    expect(Math.max(...segments.map((count, at) => count / (at + 1)))).toBeLessThan(first * 1.1)
  })

  test('waits for a useful window, whatever the peer offers', () => {
    const ends = TwoEnds.opened()
    const { client, server } = ends
    server.reads = false
    client.connection.write([Buffer.alloc(5000)])
    ends.pass(3000)
    const [last] = server.sent.slice(-1)
    if (last === undefined) throw new Error('The server has sent nothing')
    const sentAfter = (window: number): number => {
      const before = client.sent.length
      client.receive({ ...last, window })
      return client.sent.length - before
    }
    expect([last.window, sentAfter(100), sentAfter(1459)]).toEqual([0, 0, 0])
    expect(sentAfter(1500)).toBeGreaterThan(0)
  })

  test('asks for the window when the segment that opened it was lost', () => {
    const ends = TwoEnds.opened()
    const { client, server } = ends
    server.reads = false
    client.connection.write([Buffer.alloc(5000)])
    ends.pass(3000)
    ends.back.setDown(true)
    server.reads = true
    server.readAll()
    ends.pass(3050)
    ends.back.setDown(false)
    ends.pass()
    expect(server.bytes.length).toBe(5000)
    expect(client.sent.some(({ kind }) => kind === 'probe')).toBe(true)
  })

  test('waits for a window as long as the peer responds, and breaks when it does not', () => {
    const ends = TwoEnds.opened()
    const { client, server } = ends
    server.reads = false
    client.connection.write([Buffer.alloc(5000)])
    ends.pass(600_000)
    expect(client.notifications).toEqual(['established'])
    ends.back.setDown(true)
    ends.pass()
    expect(client.notifications).toEqual(['established', 'forgotten', 'ETIMEDOUT'])
  })

  test('probes a silent peer when keepalive is on, and breaks when it is gone', () => {
    const ends = TwoEnds.opened()
    const { client } = ends
    client.connection.setKeepAlive(true, 5000)
    ends.pass(100_000)
    expect(client.notifications).toEqual(['established'])
    ends.back.setDown(true)
    ends.pass(130_000)
    expect(client.notifications).toEqual(['established', 'forgotten', 'ETIMEDOUT'])
  })

  test('sends no probe after keepalive was turned off', () => {
    const ends = TwoEnds.opened()
    ends.client.connection.setKeepAlive(true, 5000)
    ends.client.connection.setKeepAlive(false, 0)
    ends.pass(100_000)
    expect(ends.client.sent.map(({ kind }) => kind)).toEqual(['SYN', 'ACK'])
  })

  test('delivers what was sent before a RST, which counts only with the number expected', () => {
    let delivered = 0
    for (let seed = 0; seed < 50; seed++) {
      const ends = TwoEnds.opened({ seed: String(seed) })
      ends.client.connection.write(['hello'])
      ends.client.connection.abort()
      ends.pass()
      if (String(ends.server.bytes) === 'hello') delivered++
      // A RST that overtakes the bytes is asked about, and this client does not know the connection any more.
      expect(ends.server.notifications.filter((what) => what === 'ECONNRESET').length).toBeLessThanOrEqual(1)
    }
    expect(delivered).toBe(50)
  })

  test('resets a peer that sends to a program that has closed its end', () => {
    const ends = TwoEnds.opened()
    ends.client.connection.close()
    ends.pass(20)
    ends.server.connection.write(['are you there?'])
    ends.pass()
    expect(ends.server.notifications).toEqual(['established', 'ended', 'forgotten', 'ECONNRESET'])
  })

  test('sends what is in the send buffer at a close, and not what the program holds', () => {
    const ends = TwoEnds.opened({ limits: { sendBufferBytes: 1000 } })
    const written = Buffer.from(Array.from({ length: 5000 }, (_, at) => at % 251))
    expect(ends.client.connection.write([written.subarray(0, 800), written.subarray(800)])).toBe(false)
    ends.client.connection.close()
    ends.pass()
    expect(ends.server.notifications).toEqual(['established', 'ended'])
    const { bytes } = ends.server
    expect(bytes.equals(written.subarray(0, bytes.length))).toBe(true)
    // What the window lets out at once is in flight, and more than the buffer.
    expect([bytes.length >= 1000, bytes.length <= 3000]).toEqual([true, true])
  })

  test('resets the peer at a close with unread bytes', () => {
    const ends = TwoEnds.opened()
    ends.server.reads = false
    ends.client.connection.write(['hello'])
    ends.pass(100)
    ends.server.connection.close()
    ends.pass()
    expect(ends.client.notifications).toEqual(['established', 'forgotten', 'ECONNRESET'])
  })
})

function opened(options: ConstructorParameters<typeof TwoEnds>[0] = {}): Pick<
  TwoEnds,
  'client' | 'server'
> & {
  pass(untilMs?: number): void
} {
  const ends = TwoEnds.opened(options)
  return { client: ends.client, server: ends.server, pass: (untilMs) => ends.pass(untilMs) }
}
