import type { ConnectionClosed } from '@ropewalk/core'
import type { Message, Talk } from './talk.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  type Frame,
  PING,
  PONG,
  readClose,
  TEXT,
  WebSocketClient,
} from './web-socket-client.ts'

/** Carries out the plan of a talk on one WebSocket, and records the frames received. */
export class TalkingClient extends WebSocketClient {
  readonly #talk: Talk
  readonly #pings: string[] = []
  #pongs = 0
  #ended = false

  constructor(path: string, talk: Talk) {
    super(path, (why) => talk.complain(`sent its client ${why}`))
    this.#talk = talk
  }

  override connectionLost(_reason: ConnectionClosed): void {
    this.#ended = true
  }

  protected override opened(): void {
    const { messages } = this.#talk.plan
    for (const [at, message] of messages.entries())
      this.transport.reactor.callLater(at * PACE_MS, () => this.#sendMessage(message))
    this.transport.reactor.callLater(messages.length * PACE_MS, () => this.#endWhenEchoed())
  }

  protected override frameReceived({ isLast, opcode, payload }: Frame): void {
    if (this.#talk.clientSaw.length > 0) this.complain(`opcode ${opcode} after a close frame`)
    if (!isLast) this.complain(`a fragment with opcode ${opcode}`)
    if (opcode === PONG) this.#ponged(payload.toString())
    else if (opcode === PING) this.#sendWhileUp(PONG, payload)
    else if (opcode === CLOSE) this.#closed(payload)
    else this.#echoed(opcode, payload)
  }

  /** Sends a message in the planned number of frames, with a ping after each (RFC 6455 §5.4 allows that). */
  #sendMessage({ data, isText, frames }: Message): void {
    const size = Math.max(1, Math.ceil(data.length / frames))
    for (let at = 0; at === 0 || at < data.length; at += size) {
      const opcode = at > 0 ? CONTINUATION : isText ? TEXT : BINARY
      if (this.#isOver) return
      this.send(opcode, data.subarray(at, at + size), at + size >= data.length)
      const ping = `${this.#pings.length}`
      this.#pings.push(ping)
      this.send(PING, Buffer.from(ping), true)
    }
  }

  #echoed(opcode: number, payload: Buffer): void {
    const { plan, echoed } = this.#talk
    if ((opcode === TEXT) !== plan.messages[echoed.length]?.isText)
      this.complain(`message ${echoed.length} with another type`)
    echoed.push(payload)
  }

  /**
   * RFC 6455 §5.5.3: a pong may skip earlier pings, but no ping gets two pongs, and pongs keep the order of
   * pings.
   */
  #ponged(ping: string): void {
    const at = this.#pings.indexOf(ping, this.#pongs)
    if (at < 0) this.complain(`a pong to no open ping: ${ping}`)
    this.#pongs = at + 1
  }

  #closed(payload: Buffer): void {
    const { clientSaw, clientSentClose, plan } = this.#talk
    clientSaw.push(readClose(payload))
    if (clientSentClose || plan.ending === 'client does not reply') return
    this.#close()
  }

  #endWhenEchoed(): void {
    const { plan, echoed } = this.#talk
    if (this.#isOver) return
    if (plan.waits && echoed.length < plan.messages.length) {
      this.transport.reactor.callLater(PACE_MS, () => this.#endWhenEchoed())
    } else this.#end()
  }

  #end(): void {
    const { ending } = this.#talk.plan
    switch (ending) {
      case 'client':
        return this.#close()
      case 'client aborts':
        return this.transport.abortConnection()
      case 'client breaks the rules':
        return void this.transport.write(Buffer.from([0x80 | TEXT, 0]))
      case 'both':
        this.#sendWhileUp(TEXT, Buffer.from(END))
        return this.#close()
      case 'server':
      case 'server aborts':
      case 'client does not reply':
        return this.#sendWhileUp(TEXT, Buffer.from(END))
    }
  }

  #close(): void {
    if (this.#talk.clientSentClose || this.#ended) return
    this.#talk.clientSentClose = true
    this.sendClose(this.#talk.plan.clientClose)
  }

  get #isOver(): boolean {
    return this.#ended || this.#talk.clientSentClose || this.#talk.clientSaw.length > 0
  }

  #sendWhileUp(opcode: number, payload: Buffer): void {
    if (!this.#isOver) this.send(opcode, payload, true)
  }
}

/** The message that asks the server to end the talk. */
export const END = 'The end'
const PACE_MS = 40
