import { type ConnectionClosed, Protocol } from '@ropewalk/core'

/**
 * A WebSocket client of few words: opens, sends `count` texts, each when the one before has come back, closes.
 * It breaks the rules nowhere, and notes whatever is not as it should be.
 */
export class WebSocketClient extends Protocol {
  readonly sent: string[] = []
  readonly echoed: string[] = []
  readonly complaints: string[] = []
  losses = 0
  made = false
  readonly #count: number
  #unread: Buffer = Buffer.alloc(0)
  #isOpen = false

  constructor(count: number) {
    super()
    this.#count = count
  }

  override connectionMade(): void {
    this.made = true
    const head = ['GET /echo HTTP/1.1', 'Host: server', 'Upgrade: websocket', 'Connection: Upgrade']
    const key = `Sec-WebSocket-Key: ${this.transport.reactor.randomBytes(16).toString('base64')}`
    this.transport.write([...head, 'Sec-WebSocket-Version: 13', key, '', ''].join('\r\n'))
  }

  override dataReceived(data: Buffer): void {
    if (this.losses > 0) this.complaints.push('bytes after the end')
    this.#unread = Buffer.concat([this.#unread, data])
    if (!this.#isOpen) this.#readHead()
    if (this.#isOpen) while (this.#readFrame());
  }

  override connectionLost(_reason: ConnectionClosed): void {
    this.losses++
  }

  #readHead(): void {
    const end = this.#unread.indexOf('\r\n\r\n')
    if (end < 0) return
    const status = this.#unread.toString('latin1', 0, end).split('\r\n')[0] ?? ''
    if (!status.startsWith('HTTP/1.1 101 ')) this.complaints.push(status)
    this.#unread = this.#unread.subarray(end + 4)
    this.#isOpen = true
    this.#sendNext()
  }

  /** Frames of a server are not masked, and those of an echo short. */
  #readFrame(): boolean {
    const [first = 0, second = 0] = this.#unread
    const isLong = second === 126
    const from = isLong ? 4 : 2
    if (this.#unread.length < from) return false
    const length = isLong ? this.#unread.readUInt16BE(2) : second
    if (this.#unread.length < from + length) return false
    const payload = this.#unread.subarray(from, from + length)
    this.#unread = this.#unread.subarray(from + length)
    if (first === TEXT) this.#echoed(payload.toString())
    else if (first === CLOSE) this.transport.loseConnection()
    else this.complaints.push(`a frame that begins with ${first}`)
    return true
  }

  #echoed(text: string): void {
    if (text !== this.sent[this.echoed.length])
      this.complaints.push(`an echo of nothing that was sent: ${text}`)
    this.echoed.push(text)
    this.#sendNext()
  }

  #sendNext(): void {
    const { reactor } = this.transport
    if (this.sent.length === this.#count) return this.#send(CLOSE, Buffer.from([3, 232]))
    const text = reactor.randomBytes(1 + (reactor.randomBytes(1)[0] ?? 0)).toString('hex')
    this.sent.push(text)
    this.#send(TEXT, Buffer.from(text))
  }

  #send(first: number, payload: Buffer): void {
    const mask = this.transport.reactor.randomBytes(4)
    const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
    const size =
      payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 255]
    this.transport.writeSequence([Buffer.from([first, ...size]), mask, masked])
  }
}

const TEXT = 0x81
const CLOSE = 0x88
