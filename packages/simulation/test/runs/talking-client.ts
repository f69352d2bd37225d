import type { ConnectionClosed } from '@ropewalk/core'
import type { Message, Talk } from './talk.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  type Frame,
  PING,
  PONG,
  readGoodbye,
  TEXT,
  WebSocketClient,
} from './web-socket-client.ts'

/** Does on one WebSocket what its talk's plan says, and notes what comes. */
export class TalkingClient extends WebSocketClient {
  readonly #talk: Talk
  readonly #pings: string[] = []
  #pongs = 0
  #ended = false

  constructor(path: string, talk: Talk) {
    super(path, (why) => talk.complain(`showed its client ${why}`))
    this.#talk = talk
  }

  override connectionLost(_reason: ConnectionClosed): void {
    this.#ended = true
  }

  protected override opened(): void {
    const { messages } = this.#talk.plan
    for (const [at, message] of messages.entries())
      this.transport.reactor.callLater(at * PACE_MS, () => this.#say(message))
    this.transport.reactor.callLater(messages.length * PACE_MS, () => this.#endWhenEchoed())
  }

  protected override frameReceived({ isLast, opcode, payload }: Frame): void {
    if (this.#talk.clientSaw.length > 0) this.complain(`opcode ${opcode} behind a close frame`)
    if (!isLast) this.complain(`a fragment with opcode ${opcode}`)
    if (opcode === PONG) this.#ponged(payload.toString())
    else if (opcode === PING) this.#sendWhileUp(PONG, payload)
    else if (opcode === CLOSE) this.#closed(payload)
    else this.#echoed(opcode, payload)
  }

  /** In as many frames as planned, with a ping behind each: control frames may come between. */
  #say({ data, isText, frames }: Message): void {
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
      this.complain(`message ${echoed.length} come back as another kind`)
    echoed.push(payload)
  }

  /** RFC 6455 §5.5.3: of several pings the newest may be answered alone, but none twice, nor before those ahead. */
  #ponged(ping: string): void {
    const at = this.#pings.indexOf(ping, this.#pongs)
    if (at < 0) this.complain(`an answer to a ping that waits for none: ${ping}`)
    this.#pongs = at + 1
  }

  #closed(payload: Buffer): void {
    const { clientSaw, clientSaidGoodbye, plan } = this.#talk
    clientSaw.push(readGoodbye(payload))
    if (clientSaidGoodbye || plan.ending === 'client does not answer') return
    this.#goodbye()
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
        return this.#goodbye()
      case 'client aborts':
        return this.transport.abortConnection()
      case 'client breaks the rules':
        return void this.transport.write(Buffer.from([0x80 | TEXT, 0]))
      case 'both':
        this.#sendWhileUp(TEXT, Buffer.from(END))
        return this.#goodbye()
      case 'server':
      case 'server aborts':
      case 'client does not answer':
        return this.#sendWhileUp(TEXT, Buffer.from(END))
    }
  }

  #goodbye(): void {
    if (this.#talk.clientSaidGoodbye || this.#ended) return
    this.#talk.clientSaidGoodbye = true
    this.sayGoodbye(this.#talk.plan.clientGoodbye)
  }

  get #isOver(): boolean {
    return this.#ended || this.#talk.clientSaidGoodbye || this.#talk.clientSaw.length > 0
  }

  #sendWhileUp(opcode: number, payload: Buffer): void {
    if (!this.#isOver) this.send(opcode, payload, true)
  }
}

/** Asks the server to end the talk. */
export const END = 'The end'
const PACE_MS = 40
