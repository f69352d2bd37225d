import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { MessageDeflate } from './deflate.ts'
import { encodeFrame, type Frame, FrameReader, OPCODE, PeerViolation, type ReceivedFrame } from './frame.ts'

/** What the peer has sent, or a wait that passed while the connection was open. */
export type PeerEvent =
  | { readonly type: 'text' | 'bytes' | 'ping' | 'pong'; readonly payload: Buffer }
  | { readonly type: 'wait'; readonly name: string }
  | { readonly type: 'exchanged'; readonly messages: number }

/** How bytes are handed to the socket: all at once, each frame in a turn of its own, or in pieces of a size. */
export type Chop = 'together' | 'frames' | number

/** How a connection ended. */
export interface Ending {
  /** Which side sent the first close frame; `peer` also when the peer ended the connection without one. */
  readonly closedBy: 'us' | 'peer'
  /** Whether both sides have sent a close frame. */
  readonly clean: boolean
  /** The code in the peer's close frame. */
  readonly peerCode: number | undefined
  /** Whether the peer did not end the connection within the time, so that this side reset it. */
  readonly droppedByUs: boolean
  /** What the peer did against the protocol. */
  readonly violation: string | undefined
}

/**
 * The driver's end of a WebSocket: sends any bytes, valid or not, and records what the peer sends.
 *
 * It replies to close frames, and to nothing else.
 */
export class Peer {
  readonly events: PeerEvent[] = []
  readonly #socket: Socket
  readonly #role: 'client' | 'server'
  readonly #deflate: MessageDeflate | undefined
  readonly #reader: FrameReader
  #message: { readonly opcode: number; readonly compressed: boolean; readonly pieces: Buffer[] } | undefined
  #reading: Promise<void> = Promise.resolve()
  #closedBy: 'us' | 'peer' | undefined
  #closeSent = false
  #closeReceived = false
  #peerCode: number | undefined
  #droppedByUs = false
  #violation: string | undefined
  #over = false
  #changed: (() => void) | undefined

  /** @param role This side. */
  constructor(
    socket: Socket,
    role: 'client' | 'server',
    deflate: MessageDeflate | undefined,
    unread: Buffer,
  ) {
    this.#socket = socket
    this.#role = role
    this.#deflate = deflate
    this.#reader = new FrameReader(role === 'server')
    socket.setNoDelay(true)
    socket.on('data', (data) => this.#received(data))
    socket.on('end', () => this.#ended())
    socket.on('error', () => this.#ended())
    socket.on('close', () => this.#ended())
    if (unread.length > 0) this.#received(unread)
  }

  /** Whether messages are compressed. */
  get compresses(): boolean {
    return this.#deflate !== undefined
  }

  /** Whether the peer can still send: neither it nor this side has ended the connection. */
  get open(): boolean {
    return !this.#over
  }

  /** Whether the peer has sent a close frame or ended the connection. */
  get ending(): boolean {
    return this.#over || this.#closeReceived
  }

  /** Whether a close frame was sent by this side. */
  get closeSent(): boolean {
    return this.#closeSent
  }

  /** Sends frames. Nothing is sent after the end of the connection. */
  async send(frames: readonly Frame[], chop: Chop = 'together'): Promise<void> {
    if (frames.some(({ opcode }) => opcode === OPCODE.close)) this.#sentClose()
    const encoded = frames.map((frame) => encodeFrame(frame, this.#role === 'client'))
    if (chop === 'together') return this.sendBytes(Buffer.concat(encoded))
    if (chop !== 'frames') return this.sendBytes(Buffer.concat(encoded), chop)
    for (const frame of encoded) await this.sendBytes(frame)
  }

  /** Sends bytes, in pieces of at most `pieceBytes`, each in a turn of its own. */
  async sendBytes(bytes: Buffer, pieceBytes: number = WRITE_BYTES): Promise<void> {
    for (let at = 0; at < bytes.length && this.open; at += pieceBytes) {
      const writable = this.#socket.write(bytes.subarray(at, at + pieceBytes))
      if (!writable) await this.#drained()
      await turn()
    }
  }

  /** Encodes a frame as this side sends it. */
  encode(frame: Frame): Buffer {
    return encodeFrame(frame, this.#role === 'client')
  }

  /** Compresses a message if compression was agreed on. */
  async compress(message: Uint8Array): Promise<{ readonly payload: Uint8Array; readonly rsv: number }> {
    if (this.#deflate === undefined) return { payload: message, rsv: 0 }
    return { payload: await this.#deflate.compress(message), rsv: 4 }
  }

  /** Begins the closing handshake. */
  async close(code: number): Promise<void> {
    if (!this.#closeSent) await this.send([{ opcode: OPCODE.close, payload: closePayload(code) }])
  }

  /** Resolves when `holds` does or the connection has ended; with false when neither happened in time. */
  async until(holds: () => boolean, ms: number): Promise<boolean> {
    const deadline = performance.now() + ms
    const timer = setTimeout(() => this.#changed?.(), ms)
    // A timer may fire a little before its time, by this clock.
    while (!holds() && this.open && performance.now() < deadline - 1) {
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
    clearTimeout(timer)
    return holds() || !this.open
  }

  /** Waits for the peer to end the connection, and resets it after `ms`. */
  async ended(ms: number): Promise<Ending> {
    if (!(await this.until(() => false, ms))) this.#droppedByUs = true
    await this.#reading
    this.#socket.destroy()
    this.#deflate?.close()
    return {
      closedBy: this.#closedBy ?? (this.#droppedByUs ? 'us' : 'peer'),
      clean: this.#closeSent && this.#closeReceived,
      peerCode: this.#peerCode,
      droppedByUs: this.#droppedByUs,
      violation: this.#violation,
    }
  }

  #received(data: Buffer): void {
    this.#reader.push(data)
    this.#reading = this.#reading.then(() => this.#read())
  }

  async #read(): Promise<void> {
    try {
      while (this.#violation === undefined && !this.#closeReceived) {
        const frame = this.#reader.next()
        if (frame === undefined) break
        await this.#frame(frame)
      }
    } catch (error) {
      if (!(error instanceof PeerViolation)) throw error
      this.#violation = error.message
      this.#over = true
      this.#socket.destroy()
    }
    this.#changed?.()
  }

  async #frame(frame: ReceivedFrame): Promise<void> {
    const { opcode, payload, fin, rsv } = frame
    const mayCompress = this.#deflate !== undefined && (opcode === OPCODE.text || opcode === OPCODE.binary)
    if (rsv !== 0 && !(rsv === 4 && mayCompress))
      throw new PeerViolation(`A frame had the reserved bits ${rsv}`)
    switch (opcode) {
      case OPCODE.ping:
        this.events.push({ type: 'ping', payload })
        break
      case OPCODE.pong:
        this.events.push({ type: 'pong', payload })
        break
      case OPCODE.close:
        await this.#closeFrame(payload)
        break
      default:
        this.#begin(opcode, rsv === 4)
        this.#message?.pieces.push(payload)
        if (fin) await this.#messageEnds()
    }
  }

  #begin(opcode: number, compressed: boolean): void {
    if (opcode === OPCODE.continuation) {
      if (this.#message === undefined) throw new PeerViolation('A message was continued that had not begun')
      return
    }
    if (this.#message !== undefined) throw new PeerViolation('A message began within another one')
    this.#message = { opcode, compressed, pieces: [] }
  }

  async #messageEnds(): Promise<void> {
    const message = this.#message
    if (message === undefined) return
    this.#message = undefined
    const sent = Buffer.concat(message.pieces)
    const payload = message.compressed ? ((await this.#deflate?.decompress(sent)) ?? sent) : sent
    if (message.opcode === OPCODE.text) checkText(payload)
    this.events.push({ type: message.opcode === OPCODE.text ? 'text' : 'bytes', payload })
  }

  async #closeFrame(payload: Buffer): Promise<void> {
    if (payload.length === 1) throw new PeerViolation('A close frame had one byte')
    if (payload.length > 0) {
      this.#peerCode = payload.readUInt16BE(0)
      if (!isCode(this.#peerCode)) throw new PeerViolation(`A close frame had the code ${this.#peerCode}`)
      checkText(payload.subarray(2))
    }
    this.#closedBy ??= 'peer'
    this.#closeReceived = true
    if (!this.#closeSent) await this.send([{ opcode: OPCODE.close, payload: payload.subarray(0, 2) }])
    // RFC 6455 §7.1.1: the server ends the connection first.
    if (this.#role === 'server') this.#socket.end()
  }

  #sentClose(): void {
    this.#closeSent = true
    this.#closedBy ??= 'us'
  }

  #ended(): void {
    if (!this.#socket.destroyed) this.#socket.end()
    this.#reading = this.#reading.then(() => {
      this.#over = true
      this.#changed?.()
    })
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done)
        this.#socket.off('close', done)
        resolve()
      }
      this.#socket.on('drain', done)
      this.#socket.on('close', done)
    })
  }
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: Uint8Array = new Uint8Array(0)): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), reason])
}

function checkText(payload: Uint8Array): void {
  try {
    UTF8.decode(payload)
  } catch (error) {
    throw new PeerViolation('Text was not UTF-8', { cause: error })
  }
}

/** RFC 6455 §7.4 and the IANA registry. */
function isCode(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const WRITE_BYTES = 1 << 16
