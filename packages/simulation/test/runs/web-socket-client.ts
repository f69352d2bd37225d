import { Protocol } from '@ropewalk/core'

/** One WebSocket frame. */
export interface Frame {
  /** The FIN bit: whether it is the last frame of its message. */
  readonly isLast: boolean
  readonly opcode: number
  readonly payload: Buffer
}

/** The payload of a close frame: a code and a reason, or nothing. */
export interface CloseFrame {
  readonly code: number | undefined
  readonly reason: string
}

/**
 * A WebSocket client that shares no code with the server. It opens a WebSocket, passes each frame received to
 * its subclass, and sends frames.
 */
export abstract class WebSocketClient extends Protocol {
  readonly #path: string
  readonly #complain: (why: string) => void
  #unread: Buffer = Buffer.alloc(0)
  #isOpen = false

  constructor(path: string, complain: (why: string) => void) {
    super()
    this.#path = path
    this.#complain = complain
  }

  override connectionMade(): void {
    const head = [`GET ${this.#path} HTTP/1.1`, 'Host: server', 'Upgrade: websocket', 'Connection: Upgrade']
    const key = `Sec-WebSocket-Key: ${this.transport.reactor.randomBytes(16).toString('base64')}`
    this.transport.write([...head, 'Sec-WebSocket-Version: 13', key, '', ''].join('\r\n'))
  }

  override dataReceived(data: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, data])
    if (!this.#isOpen) this.#readHead()
    if (this.#isOpen) while (this.#readFrame());
  }

  /** Called when the server has responded with 101. */
  protected abstract opened(): void

  /** Called with each complete frame. */
  protected abstract frameReceived(frame: Frame): void

  /** Fails the run. */
  protected complain(why: string): void {
    this.#complain(why)
  }

  /** Sends a masked frame. */
  protected send(opcode: number, payload: Buffer, isLast: boolean): void {
    const mask = this.transport.reactor.randomBytes(4)
    const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
    const header = Buffer.concat([Buffer.from([opcode | (isLast ? 0x80 : 0)]), maskedLength(payload.length)])
    this.transport.writeSequence([header, mask, masked])
  }

  /** Sends a close frame. */
  protected sendClose({ code, reason }: CloseFrame): void {
    const codeBytes = code === undefined ? [] : [code >> 8, code & 255]
    this.send(CLOSE, Buffer.concat([Buffer.from(codeBytes), Buffer.from(reason)]), true)
  }

  #readHead(): void {
    const end = this.#unread.indexOf('\r\n\r\n')
    if (end < 0) return
    const status = this.#unread.toString('latin1', 0, end).split('\r\n')[0] ?? ''
    if (!status.startsWith('HTTP/1.1 101 ')) this.complain(status)
    this.#unread = this.#unread.subarray(end + 4)
    this.#isOpen = true
    this.opened()
  }

  /** RFC 6455 §5.2. Frames of a server are not masked. */
  #readFrame(): boolean {
    const [first = 0, second = 0] = this.#unread
    const from = second === 127 ? 10 : second === 126 ? 4 : 2
    if (this.#unread.length < from) return false
    const length =
      second === 127
        ? Number(this.#unread.readBigUInt64BE(2))
        : second === 126
          ? this.#unread.readUInt16BE(2)
          : second
    if (this.#unread.length < from + length) return false
    const payload = this.#unread.subarray(from, from + length)
    this.#unread = this.#unread.subarray(from + length)
    this.frameReceived({ isLast: first >= 0x80, opcode: first & 0x7f, payload })
    return true
  }
}

/** Reads the payload of a close frame. */
export function readClose(payload: Buffer): CloseFrame {
  return payload.length === 0
    ? { code: undefined, reason: '' }
    : { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) }
}

function maskedLength(bytes: number): Buffer {
  if (bytes < 126) return Buffer.from([0x80 | bytes])
  if (bytes < 65_536) return Buffer.from([0xfe, bytes >> 8, bytes & 255])
  const length = Buffer.alloc(9, 0xff)
  length.writeBigUInt64BE(BigInt(bytes), 1)
  return length
}

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10
