import type { Transport } from '@ropewalk/core'
import { assertNever } from '@ropewalk/core/bytes'
import { Deadline } from '@ropewalk/core/time'
import { type FrameFlags, Opcode } from '../codec/frame-header.ts'
import type { FrameSink, FrameWriter } from '../codec/frame-writer.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import type { Deflation } from '../deflate/deflation.ts'
import { MAX_AT_ONCE_BYTES, type OutgoingDeflate } from '../deflate/outgoing-deflate.ts'

/** What a SendQueue is made with. */
export interface SendQueueSetup {
  readonly transport: Transport
  readonly writer: FrameWriter
  /** For messages with `compress`. */
  readonly deflate?: OutgoingDeflate | undefined
  /** Longest wait for the next frame of a message in parts, once a close frame waits after it. */
  readonly closeTimeoutMs: number
  /** Called when the transport has no room. */
  readonly full: () => void
  /** Called when nothing waits and the transport has room. */
  readonly idle: () => void
}

/** A message: UTF-8 for text. */
export interface OutgoingMessage {
  readonly kind: MessageKind
  readonly payload: Uint8Array
  /** Whether it is to be deflated. That is done when its turn comes: the order is that of the frames. */
  readonly compress: boolean
}

/** The sender of a message in parts. */
export interface TurnHolder {
  /** All earlier messages have been written: the holder writes its frames, and calls `turn.end`. */
  turnCame(turn: Turn): void
  /** Called instead of `turnCame`, or before `turn.end`: nothing more can be sent. */
  turnLost(): void
}

/** The right to write the frames of one message. */
export interface Turn {
  /** Writes one frame. @returns false when the transport has no room: await `room` before the next. */
  write(opcode: Opcode, payload: Uint8Array, flags: FrameFlags): boolean
  /** Resolves when the transport has room: with false when the connection is closing or gone. */
  room(): Promise<boolean>
  /** The message is complete: the next message may be written. */
  end(): void
}

/**
 * The messages of one WebSocket that wait for room in its transport, in the order in which they leave.
 *
 * A message of more than 64 KiB leaves in fragments, each when the transport has room, so that control frames
 * can be sent between them. A message in parts takes its turn like any other, and holds up those after it.
 */
export class SendQueue {
  readonly #setup: SendQueueSetup
  #first: Entry | undefined
  #last: Entry | undefined
  #bytes = 0
  #patientBytes = 0
  #count = 0
  #turns = 0
  /** False from a write beyond the transport's high-water mark until the transport has drained. */
  #room = true
  /** Limits the wait for a frame of a turn once a close frame waits after it, while the transport has room. */
  #overdue: Deadline | undefined

  constructor(setup: SendQueueSetup) {
    this.#setup = setup
  }

  /** Whether nothing waits and the transport has room. */
  get idle(): boolean {
    return this.#room && this.#first === undefined
  }

  /** Bytes of payload that wait here. */
  get bytes(): number {
    return this.#bytes + this.#patientBytes
  }

  /**
   * What counts towards `maxQueuedBytes`: bytes of payload, and a charge for each message, which bounds the
   * number of empty ones. A message whose sender waits does not count.
   */
  get charge(): number {
    return this.#bytes + this.#count * MESSAGE_CHARGE_BYTES
  }

  /** The same for messages whose sender waits. */
  get patientBytes(): number {
    return this.#patientBytes
  }

  /** Whether a message in parts waits, or is being sent. */
  get hasTurns(): boolean {
    return this.#turns > 0
  }

  /** A write has found the transport beyond its high-water mark: messages wait until it has drained. */
  full(): void {
    if (this.#room) {
      this.#room = false
      // The peer reads slowly, for which the source is not to blame: the transport limits that wait.
      this.#overdue?.clear()
      void this.#setup.transport.drained().then((writable) => {
        if (!writable) return
        this.#room = true
        this.#limitTurn()
        this.#pump()
      })
    }
    this.#setup.full()
  }

  /**
   * Adds a message, whose bytes must not change afterwards.
   *
   * @param settled For a message whose sender waits: called with whether it was written.
   */
  push(message: OutgoingMessage, settled?: (written: boolean) => void): void {
    const { kind, payload, compress } = message
    const compressed = false
    this.#add({
      is: 'message',
      kind,
      payload,
      compress,
      compressed,
      writtenBytes: 0,
      settled,
      next: undefined,
    })
  }

  /** Adds whole frames, which must not change afterwards. `compressed`: messages in them are deflated. */
  pushFrames(frames: Uint8Array, compressed: boolean = false): void {
    this.#add({ is: 'frames', frames, compressed, next: undefined })
  }

  /** Adds a message in parts. */
  pushTurn(holder: TurnHolder): void {
    this.#add({ is: 'turn', holder, begun: false, next: undefined })
  }

  /** Adds a close frame after messages in parts. Their next frame has a deadline from now on. */
  pushClose(frame: Uint8Array): void {
    this.#overdue = new Deadline(this.#setup.transport.reactor, () => this.finish())
    this.#limitTurn()
    this.#add({ is: 'close', frame, next: undefined })
  }

  /** Drops the oldest message that has not begun and whose sender does not wait; returns false without one. */
  dropOldest(): boolean {
    let before: Entry | undefined
    for (let entry = this.#first; entry !== undefined; entry = entry.next) {
      if (entry.is === 'frames' || (entry.is === 'message' && isDroppable(entry))) {
        this.#remove(entry, before)
        return true
      }
      before = entry
    }
    return false
  }

  /**
   * Writes at once what waits and is ready: everything before the first message in parts, and the close frame.
   * Drops the rest. Beyond 1 MiB, messages that are still to be deflated are sent as they are.
   *
   * @param last Written after it.
   */
  finish(last?: Uint8Array): void {
    const parts: Uint8Array[] = []
    const sink = { write: (part: Uint8Array) => parts.push(part) > 0 }
    let ready = true
    let deflatedBytes = 0
    for (let entry = this.#first; entry !== undefined; entry = this.#first) {
      ready &&= entry.is !== 'turn'
      if (ready && entry.is === 'message' && entry.compress) {
        deflatedBytes += entry.payload.length
        // Nothing may be deflated after a message that was deflated in part, and is sent as it is.
        if (deflatedBytes <= MAX_FINISHED_BYTES) this.#deflateNow(entry)
        else entry.deflation?.cancel()
      }
      this.#take()
      if (entry.is === 'close') parts.push(entry.frame)
      else if (ready && entry.is === 'frames') parts.push(this.#framesOf(entry))
      else if (ready && entry.is === 'message') this.#writeRest(entry, sink)
      settle(entry, ready)
    }
    if (last !== undefined) parts.push(last)
    // As one write, because the transport checks its cap before each: these bytes are in memory already.
    if (parts.length > 0) this.#written(this.#setup.transport.writeSequence(parts))
    this.#settled()
  }

  /** Drops everything. */
  drop(): void {
    for (let entry = this.#take(); entry !== undefined; entry = this.#take()) {
      if (entry.is === 'message') entry.deflation?.cancel()
      settle(entry, false)
    }
    this.#settled()
  }

  #pump(): void {
    while (this.#room) {
      const entry = this.#first
      if (entry === undefined) return this.#settled()
      switch (entry.is) {
        case 'message':
          if (!this.#isDeflated(entry)) return
          this.#writeMessage(entry)
          break
        case 'frames':
          this.#take()
          this.#written(this.#setup.transport.write(this.#framesOf(entry)))
          break
        case 'close':
          this.#take()
          this.#written(this.#setup.transport.write(entry.frame))
          break
        case 'turn':
          if (entry.begun) return
          entry.begun = true
          entry.holder.turnCame(this.#turnOf(entry))
          break
        default:
          assertNever(entry)
      }
    }
  }

  #limitTurn(): void {
    if (this.#room && this.hasTurns) this.#overdue?.set(this.#setup.closeTimeoutMs)
  }

  #settled(): void {
    if (this.#first !== undefined) return
    this.#overdue?.clear()
    if (this.#room) this.#setup.idle()
  }

  /** Deflates a message whose turn has come, if that is wanted; returns false while that takes more turns. */
  #isDeflated(entry: MessageEntry): boolean {
    const { deflate, transport, full } = this.#setup
    if (!entry.compress || deflate === undefined) return true
    if (entry.payload.length > MAX_AT_ONCE_BYTES && entry.deflation?.result === undefined) {
      if (entry.deflation !== undefined) return false
      entry.deflation = deflate.deflateInSlices(entry.payload, transport.reactor, () => this.#pump())
      full()
      return false
    }
    this.#deflateNow(entry)
    return true
  }

  #deflateNow(entry: MessageEntry): void {
    const { deflate } = this.#setup
    if (!entry.compress || deflate === undefined) return
    const { payload, deflation } = entry
    const deflated =
      deflation === undefined ? deflate.deflate(payload) : deflate.worth(payload, deflation.finish())
    entry.compress = false
    if (deflated === undefined) return
    entry.compressed = true
    entry.payload = deflated
    this.#counted(entry, deflated.length - payload.length, 0)
  }

  #framesOf({ frames, compressed }: FramesEntry): Uint8Array {
    if (compressed) this.#setup.deflate?.forget()
    return frames
  }

  #writeMessage(entry: MessageEntry): void {
    const { transport } = this.#setup
    const { payload } = entry
    const leftBytes = payload.length - entry.writtenBytes
    if (leftBytes <= FRAGMENT_BYTES) {
      this.#take()
      this.#written(this.#writeRest(entry, transport))
      settle(entry, true)
    } else {
      this.#counted(entry, -FRAGMENT_BYTES, 0)
      this.#written(this.#writeFragment(entry, entry.writtenBytes + FRAGMENT_BYTES, transport))
    }
  }

  #writeRest(entry: MessageEntry, sink: FrameSink): boolean {
    if (entry.writtenBytes > 0) return this.#writeFragment(entry, entry.payload.length, sink)
    return this.#setup.writer.message(entry.kind, entry.payload, entry, sink)
  }

  #writeFragment(entry: MessageEntry, end: number, sink: FrameSink): boolean {
    const { kind, payload, compressed } = entry
    const begin = entry.writtenBytes
    const flags = { fin: end === payload.length, compressed: compressed && begin === 0 }
    const opcode = begin === 0 ? openingOpcode(kind) : Opcode.continuation
    entry.writtenBytes = end
    return this.#setup.writer.fragment(opcode, payload.subarray(begin, end), flags, sink)
  }

  #turnOf(entry: Entry): Turn {
    const { transport, writer } = this.#setup
    return {
      write: (opcode, payload, flags) => {
        if (this.#first !== entry) return false
        this.#limitTurn()
        this.#written(writer.fragment(opcode, payload, flags, transport))
        return this.#room
      },
      room: async () => (await transport.drained()) && this.#first === entry,
      end: () => {
        if (this.#first !== entry) return
        this.#take()
        this.#pump()
      },
    }
  }

  #written(room: boolean): void {
    if (!room) this.full()
  }

  #add(entry: Entry): void {
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
    this.#counted(entry, bytesOf(entry), 1)
    this.#pump()
  }

  #take(): Entry | undefined {
    const entry = this.#first
    if (entry !== undefined) this.#remove(entry, undefined)
    return entry
  }

  #remove(entry: Entry, before: Entry | undefined): void {
    if (before === undefined) this.#first = entry.next
    else before.next = entry.next
    if (this.#last === entry) this.#last = before
    this.#counted(entry, -bytesOf(entry), -1)
  }

  #counted(entry: Entry, bytes: number, entries: 1 | 0 | -1): void {
    if (entry.is === 'turn') this.#turns += entries
    if (entry.is === 'message' && entry.settled !== undefined) {
      this.#patientBytes += bytes + entries * MESSAGE_CHARGE_BYTES
    } else {
      this.#bytes += bytes
      this.#count += entries
    }
  }
}

type Entry =
  | MessageEntry
  | FramesEntry
  | { readonly is: 'turn'; readonly holder: TurnHolder; begun: boolean; next: Entry | undefined }
  | { readonly is: 'close'; readonly frame: Uint8Array; next: Entry | undefined }

interface FramesEntry {
  readonly is: 'frames'
  readonly frames: Uint8Array
  readonly compressed: boolean
  next: Entry | undefined
}

interface MessageEntry {
  readonly is: 'message'
  readonly kind: MessageKind
  /** Replaced by the deflated payload, when `compressed` becomes true. */
  payload: Uint8Array
  /** Whether it is still to be deflated. */
  compress: boolean
  compressed: boolean
  /** The work on a large message that is being deflated. */
  deflation?: Deflation
  writtenBytes: number
  readonly settled: ((written: boolean) => void) | undefined
  next: Entry | undefined
}

/** The opcode of the first frame of a message. */
export function openingOpcode(kind: MessageKind): Opcode {
  return kind === 'text' ? Opcode.text : Opcode.binary
}

/** A message that was deflated, or is being deflated, must leave: later ones may refer to it. */
function isDroppable({ settled, writtenBytes, compressed, deflation }: MessageEntry): boolean {
  return settled === undefined && writtenBytes === 0 && !compressed && deflation === undefined
}

function bytesOf(entry: Entry): number {
  if (entry.is === 'message') return entry.payload.length - entry.writtenBytes
  return entry.is === 'frames' ? entry.frames.length : 0
}

function settle(entry: Entry, written: boolean): void {
  if (entry.is === 'message') entry.settled?.(written)
  if (entry.is === 'turn') entry.holder.turnLost()
}

/** What leaves at a time while the transport has room. */
const FRAGMENT_BYTES = 65_536
/** What is deflated at the end, in one turn: it takes about ten milliseconds. */
const MAX_FINISHED_BYTES = 1_048_576
/** About what an entry takes in memory besides its payload. */
const MESSAGE_CHARGE_BYTES = 64
