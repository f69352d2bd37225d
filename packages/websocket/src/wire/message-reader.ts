import { assertNever, type ByteQueue } from '@ropewalk/core/bytes'
import { WebSocketError } from '../errors.ts'
import { readClose } from './close-frame.ts'
import { type FrameHeader, type Role, takeFrameHeader } from './frame-header.ts'
import { mask } from './mask.ts'
import { MessageAssembly } from './message-assembly.ts'
import { isControl, Opcode } from './opcode.ts'
import { decodeText } from './text.ts'
import type { WebSocketLimits } from './websocket-limits.ts'

/** What a peer's bytes turn into: whole messages, and control frames as they come between fragments. */
export type MessageEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'bytes'; readonly data: Buffer }
  | { readonly type: 'ping'; readonly payload: Buffer }
  | { readonly type: 'pong'; readonly payload: Buffer }
  | { readonly type: 'close'; readonly code: number | undefined; readonly reason: string }

/** What a reader is made with. */
export interface MessageReaderOptions {
  readonly role: Role
  readonly limits: WebSocketLimits
}

/**
 * Reads messages (RFC 6455 §5, §6.2) from bytes, one event at a time.
 *
 * A short frame that has all arrived is read in one go. A longer message is collected as it comes,
 * and a text message is checked while it does. The bytes in the queue are unmasked in place.
 */
export class MessageReader {
  readonly #role: Role
  readonly #limits: WebSocketLimits
  #state: State = HEADER
  /** The message that has begun and not ended. */
  #assembly: MessageAssembly | undefined

  constructor({ role, limits }: MessageReaderOptions) {
    this.#role = role
    this.#limits = limits
  }

  /**
   * The next event, or undefined when it needs more bytes than `input` holds. After a close frame
   * nothing more is read.
   *
   * @throws {WebSocketError} once; from then on the answer is undefined, whatever comes.
   */
  next(input: ByteQueue): MessageEvent | undefined {
    try {
      return this.#next(input)
    } catch (error) {
      this.#state = NOTHING
      throw error
    }
  }

  #next(input: ByteQueue): MessageEvent | undefined {
    for (;;) {
      const state = this.#state
      switch (state.reading) {
        case 'header': {
          const header = takeFrameHeader(input, this.#role)
          if (header === undefined) return undefined
          this.#frameBegins(header)
          this.#state = { reading: 'payload', header, leftBytes: header.payloadBytes }
          break
        }
        case 'payload': {
          const event = this.#readPayload(input, state)
          if (event !== undefined || this.#state === state) return event
          break
        }
        case 'nothing':
          return undefined
        default:
          return assertNever(state)
      }
    }
  }

  /** Checks what only the order of frames can tell. */
  #frameBegins({ opcode, payloadBytes }: FrameHeader): void {
    if (isControl(opcode)) return
    if (opcode === Opcode.continuation) {
      if (this.#assembly === undefined) {
        throw new WebSocketError('unexpected-continuation', 'Cannot go on with a message that has not begun')
      }
    } else {
      if (this.#assembly !== undefined) {
        throw new WebSocketError('expected-continuation', 'Cannot begin a message before the last has ended')
      }
      this.#assembly = new MessageAssembly(opcode === Opcode.text ? 'text' : 'bytes', this.#limits)
    }
    if (payloadBytes > this.#limits.maxFrameBytes) {
      throw new WebSocketError(
        'message-too-large',
        `Cannot take a frame of more than ${this.#limits.maxFrameBytes} bytes`,
      )
    }
    this.#assembly.fragmentBegins(payloadBytes)
  }

  #readPayload(input: ByteQueue, state: PayloadState): MessageEvent | undefined {
    const { header } = state
    const { opcode, fin, payloadBytes, maskKey } = header
    if (isControl(opcode)) {
      const payload = this.#takeWhole(input, header)
      return payload === undefined ? undefined : this.#controlRead(opcode, payload)
    }
    const wholeMessage = fin && opcode !== Opcode.continuation && state.leftBytes === payloadBytes
    if (wholeMessage && input.length >= payloadBytes) {
      const kind = opcode === Opcode.text ? 'text' : 'bytes'
      this.#assembly = undefined
      this.#state = HEADER
      return messageOf(kind, this.#takeWhole(input, header) ?? NO_BYTES, false)
    }
    while (state.leftBytes > 0) {
      const piece = input.takeUpTo(state.leftBytes)
      if (piece === undefined) return undefined
      mask(piece, maskKey, payloadBytes - state.leftBytes)
      state.leftBytes -= piece.length
      this.#assembly?.add(piece)
    }
    this.#state = HEADER
    return fin ? this.#messageRead() : undefined
  }

  #messageRead(): MessageEvent | undefined {
    const assembly = this.#assembly
    this.#assembly = undefined
    return assembly && messageOf(assembly.kind, assembly.finish(), true)
  }

  #takeWhole(input: ByteQueue, { payloadBytes, maskKey }: FrameHeader): Buffer | undefined {
    const payload = input.takeExactly(payloadBytes)
    if (payload !== undefined && maskKey !== 0) mask(payload, maskKey, 0)
    return payload
  }

  #controlRead(opcode: Opcode, payload: Buffer): MessageEvent {
    this.#state = opcode === Opcode.close ? NOTHING : HEADER
    if (opcode === Opcode.ping) return { type: 'ping', payload }
    if (opcode === Opcode.pong) return { type: 'pong', payload }
    return { type: 'close', ...readClose(payload) }
  }
}

function messageOf(kind: 'text' | 'bytes', data: Buffer, checked: boolean): MessageEvent {
  if (kind === 'bytes') return { type: 'bytes', data }
  return { type: 'text', text: checked ? data.toString('utf8') : decodeText(data) }
}

/** Where in a frame the reader is; each state carries what only it knows. */
type State = { readonly reading: 'header' } | PayloadState | { readonly reading: 'nothing' }

interface PayloadState {
  readonly reading: 'payload'
  readonly header: FrameHeader
  leftBytes: number
}

const HEADER: State = { reading: 'header' }
const NOTHING: State = { reading: 'nothing' }
const NO_BYTES = Buffer.alloc(0)
