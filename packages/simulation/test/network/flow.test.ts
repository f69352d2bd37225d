import { describe, expect, test } from 'vitest'
import { Flow, type FlowLimits } from '../../src/network/flow.ts'
import { Link } from '../../src/network/link.ts'
import { NetworkStats } from '../../src/network/network-stats.ts'
import { Random } from '../../src/random.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { Trace } from '../../src/trace.ts'

const LIMITS: FlowLimits = {
  sendBufferBytes: 1000,
  receiveBufferBytes: 3000,
  segmentBytes: 1460,
  giveUpMs: 10_000,
  cuts: 'anywhere',
}

/** One flow, whose receiver reads at once while `reads` is true. */
class OneFlow {
  readonly timeline = new EventQueue()
  readonly notifications: string[] = []
  readonly pieces: Buffer[] = []
  readonly forth: Link
  readonly back: Link
  readonly flow: Flow
  reads = true
  isSilent = false
  isKnown = true

  constructor(seed: string, lossPerMille = 0, limits: Partial<FlowLimits> = {}) {
    const trace = new Trace(() => this.timeline.nowMs)
    const conditions = {
      latencyMs: [1, 9] as const,
      lossPerMille,
      duplicatesPerMille: 0,
      bytesPerSecond: Infinity,
    }
    const link = (name: string): Link =>
      new Link({
        from: name,
        to: name,
        events: this.timeline,
        random: new Random(seed + name),
        trace,
        stats: new NetworkStats(),
        isSilent: () => this.isSilent,
        conditions,
      })
    const [forth, back] = [link('forth'), link('back')]
    this.forth = forth
    this.back = back
    this.flow = new Flow(
      {
        name: 'one',
        stats: new NetworkStats(),
        events: this.timeline,
        random: new Random(seed),
        limits: { ...LIMITS, ...limits },
        forth,
        back,
      },
      {
        taken: () => this.notifications.push('taken'),
        broken: (code) => this.notifications.push(code),
        isKnown: () => this.isKnown,
        arrived: (data) => {
          this.pieces.push(data)
          if (this.reads) this.flow.read(data.length)
        },
        ended: () => this.notifications.push('ended'),
      },
    )
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }

  pass(): void {
    while (this.timeline.step());
  }
}

describe('Flow', () => {
  const message = Buffer.from(Array.from({ length: 50_000 }, (_, at) => at % 251))

  test.each(Array.from({ length: 30 }, (_, seed) => String(seed)))(
    'delivers every byte once and in order, then the FIN, with 20 % packet loss (seed %s)',
    (seed) => {
      const one = new OneFlow(seed, 200, { giveUpMs: Infinity })
      one.flow.write([message.subarray(0, 10), message.subarray(10).toString('latin1').slice(0, 0)])
      one.flow.write([message.subarray(10)])
      one.flow.finish()
      one.flow.finish()
      one.pass()
      expect(one.bytes.equals(message)).toBe(true)
      expect(one.notifications.at(-1)).toBe('ended')
    },
  )

  test('cuts anywhere, down to one byte, or with `cuts: none` only at full segments', () => {
    const [cut, whole] = [new OneFlow('a'), new OneFlow('a', 0, { cuts: 'none' })]
    for (const one of [cut, whole]) {
      one.flow.write([message])
      one.pass()
    }
    expect(Math.min(...cut.pieces.map(({ length }) => length))).toBe(1)
    expect(Math.max(...whole.pieces.map(({ length }) => length))).toBe(1460)
  })

  test('blocks the writer while the reader does not read, and calls `taken` when it may continue', () => {
    const one = new OneFlow('b')
    one.reads = false
    expect(one.flow.write([Buffer.alloc(500)])).toBe(true)
    expect(one.flow.write([Buffer.alloc(9_500)])).toBe(false)
    one.pass()
    expect([one.bytes.length, one.notifications]).toEqual([3000, []])
    one.reads = true
    one.flow.read(3000)
    one.pass()
    expect([one.bytes.length, one.notifications]).toEqual([10_000, ['taken']])
  })

  test('breaks with ETIMEDOUT when nothing arrives for too long', () => {
    const one = new OneFlow('c')
    one.forth.setDown(true)
    one.flow.write([message])
    one.pass()
    expect([one.notifications, one.bytes.length]).toEqual([['ETIMEDOUT'], 0])
  })

  test('breaks with ETIMEDOUT when no acknowledgement arrives for too long', () => {
    const one = new OneFlow('d')
    one.back.setDown(true)
    one.flow.write([message])
    one.pass()
    expect(one.notifications).toEqual(['ETIMEDOUT'])
  })

  test('breaks with ECONNRESET when the receiver does not know it', () => {
    const one = new OneFlow('e')
    one.isKnown = false
    one.flow.write(['hello'])
    one.pass()
    expect([one.notifications, one.bytes.length]).toEqual([['ECONNRESET'], 0])
  })

  test('delivers a reset, and nothing after it', () => {
    const one = new OneFlow('f')
    one.flow.write(['hello'])
    one.flow.reset(() => one.notifications.push('reset'))
    one.pass()
    expect([one.notifications, one.bytes.length]).toEqual([['reset'], 0])
  })
})
