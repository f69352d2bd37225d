import { randomBytes } from 'node:crypto'
import { ByteQueue } from '@ropewalk/core/bytes'
import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { DEFAULT_WEBSOCKET_LIMITS } from '../../src/codec/limits.ts'
import { MessageReader } from '../../src/codec/message-reader.ts'
import { PreparedBatch, prepareMessage } from '../../src/connection/prepared-message.ts'
import { CheckedWebSocketOptions, webSocketOptions } from '../../src/connection/websocket-options.ts'
import { Deflate } from '../../src/deflate/deflate.ts'
import type { DeflateAgreement } from '../../src/deflate/deflate-agreement.ts'
import { DEFAULT_DEFLATE_OPTIONS } from '../../src/deflate/deflate-options.ts'
import { Client, type ClientSetup } from '../topics/clients.ts'

const AGREEMENT: DeflateAgreement = {
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  serverContextTakeover: true,
  clientContextTakeover: true,
}
const TEXT = 'the same words, the same words, and the same words again. '.repeat(40)

/** A client with compression, which inflates what it receives. */
class InflatingClient extends Client {
  readonly #reader: MessageReader
  readonly #input = new ByteQueue()
  /** Which of the frames received so far were compressed. */
  readonly compressed: boolean[] = []

  constructor(reactor: MemoryReactor, agreement: DeflateAgreement, setup: ClientSetup = {}) {
    super(reactor, { deflate: agreement, options: { deflate: true }, ...setup })
    const inflater = new Deflate(DEFAULT_DEFLATE_OPTIONS).inflater(agreement, 'client')
    this.#reader = new MessageReader({ role: 'client', limits: DEFAULT_WEBSOCKET_LIMITS, inflater })
  }

  /** The text messages received since the last call. */
  texts(): string[] {
    const bytes = this.bytes()
    if (bytes.length > 0) this.compressed.push(((bytes[0] ?? 0) & 0x40) > 0)
    this.#input.push(bytes)
    const texts: string[] = []
    for (;;) {
      const event = this.#reader.next(this.#input)
      if (event?.type === 'text') texts.push(event.text)
      else if (!this.#reader.unfinished) return texts
    }
  }
}

describe('sendPrepared with compression', () => {
  test.each([true, false])(
    'is understood among messages of each connection, with context takeover %s',
    (takeover) => {
      const reactor = new MemoryReactor()
      const clients = [8, 12, 12, 15].map(
        (bits) =>
          new InflatingClient(reactor, {
            ...AGREEMENT,
            serverMaxWindowBits: bits,
            serverContextTakeover: takeover,
          }),
      )
      for (const at of [1, 2, 3]) {
        const prepared = prepareMessage(`${TEXT} to all ${at}`)
        const batch = new PreparedBatch([prepareMessage(`${TEXT} ${at}`), prepareMessage('short')])
        for (const client of clients) {
          client.transport.sendTextMessage(`${TEXT} own ${at}`)
          expect(client.transport.sendPrepared(prepared)).toBe('sent')
          client.transport.sendPrepared(batch)
          client.transport.sendTextMessage(`${TEXT} own again ${at}`)
        }
        for (const client of clients) {
          expect(client.texts()).toEqual([
            `${TEXT} own ${at}`,
            `${TEXT} to all ${at}`,
            `${TEXT} ${at}`,
            'short',
            `${TEXT} own again ${at}`,
          ])
        }
      }
    },
  )

  test('is understood after messages that wait, one of which is deflated in slices', async () => {
    const reactor = new MemoryReactor()
    const client = new InflatingClient(reactor, AGREEMENT)
    client.block()
    const large = randomBytes(150_000).toString('base64')
    const texts = [TEXT, large, `${TEXT}2`, large.slice(0, 100_000), `${TEXT}3`]
    client.transport.sendTextMessage(TEXT)
    client.transport.sendTextMessage(large)
    client.transport.sendPrepared(prepareMessage(`${TEXT}2`))
    client.transport.sendTextMessage(large.slice(0, 100_000))
    client.transport.sendPrepared(prepareMessage(`${TEXT}3`))
    const got: string[] = []
    for (let turns = 0; turns < 100 && got.length < texts.length; turns++) {
      await client.unblock()
      reactor.advance(1)
      got.push(...client.texts())
    }
    expect(got).toEqual(texts)
  })

  test('compresses a message once for all connections with the same window', () => {
    const reactor = new MemoryReactor()
    const options = new CheckedWebSocketOptions(webSocketOptions('test', { deflate: true }))
    const clients = [12, 12, 10, 12].map(
      (bits) => new InflatingClient(reactor, { ...AGREEMENT, serverMaxWindowBits: bits }, { options }),
    )
    const plain = new Client(reactor)
    const prepared = prepareMessage(TEXT)
    for (const client of [...clients, plain]) client.transport.sendPrepared(prepared)
    const variant = options.deflate?.variant(AGREEMENT, 'server')
    if (variant === undefined) throw new Error('There is no variant')
    const frames = prepared.frames(variant)
    expect(frames.compressed).toBe(true)
    expect(frames.bytes.length).toBeLessThan(200)
    expect(prepared.frames({ ...variant, deflate: () => expect.unreachable() })).toBe(frames)
    for (const client of clients) expect(client.texts()).toEqual([TEXT])
    expect(plain.payloads()).toEqual([TEXT])
  })

  test('compresses what the option compress asks for, and by default from the threshold to 64 KiB', () => {
    const reactor = new MemoryReactor()
    const client = new InflatingClient(reactor, AGREEMENT)
    const send = (length: number, compress?: boolean): void => {
      const text = 'x'.repeat(length)
      client.transport.sendPrepared(prepareMessage(text, { compress }))
      expect(client.texts().map((got) => got === text)).toEqual([true])
    }
    for (const length of [1023, 1024, 65_536, 65_537]) send(length)
    expect(client.compressed).toEqual([false, true, true, false])
    send(1024, false)
    send(1023, true)
    send(65_537, true)
    send(1, true)
    expect(client.compressed.slice(4)).toEqual([false, true, true, false])
  })

  test('compresses for a client of its own, whose frames cannot be shared', () => {
    const reactor = new MemoryReactor()
    const client = new Client(reactor, { role: 'client', deflate: AGREEMENT, options: { deflate: true } })
    const inflater = new Deflate(DEFAULT_DEFLATE_OPTIONS).inflater(AGREEMENT, 'server')
    const reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS, inflater })
    const input = new ByteQueue()
    for (const at of [1, 2]) {
      client.transport.sendPrepared(prepareMessage(`${TEXT}${at}`))
      const bytes = client.bytes()
      expect(bytes.length).toBeLessThan(200)
      input.push(bytes)
      expect(reader.next(input)).toEqual({ type: 'text', text: `${TEXT}${at}` })
    }
  })
})
