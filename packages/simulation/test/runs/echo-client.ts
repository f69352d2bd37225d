import { type Frame, CLOSE, TEXT, WebSocketClient } from './web-socket-client.ts'

/** Sends `count` text messages, each after the echo of the one before, and then closes. */
export class EchoClient extends WebSocketClient {
  readonly #count: number
  readonly #sent: string[] = []
  #echoes = 0

  constructor(count: number, complain: (why: string) => void) {
    super('/echo', complain)
    this.#count = count
  }

  protected override opened(): void {
    this.#sendNext()
  }

  protected override frameReceived({ isLast, opcode, payload }: Frame): void {
    if (opcode === CLOSE) this.transport.loseConnection()
    else if (opcode === TEXT && isLast) this.#echoed(payload.toString())
    else this.complain(`a frame with opcode ${opcode}`)
  }

  #echoed(text: string): void {
    if (text !== this.#sent[this.#echoes++]) this.complain(`the echo differs from the message sent: ${text}`)
    this.#sendNext()
  }

  #sendNext(): void {
    const { reactor } = this.transport
    if (this.#sent.length === this.#count) return this.sendClose({ code: 1000, reason: '' })
    const text = reactor.randomBytes(1 + (reactor.randomBytes(1)[0] ?? 0)).toString('hex')
    this.#sent.push(text)
    this.send(TEXT, Buffer.from(text), true)
  }
}
