import { type ByteQueue, LineTooLongError } from '@ropewalk/core/bytes'
import { type FormEvent, type FormLimits, type FormReader, formTooLarge } from './form-reader.ts'
import { HEX_VALUE } from './grammar.ts'

/**
 * Reads a form of the type application/x-www-form-urlencoded, as the URL Standard of WHATWG defines it: every input is
 * valid. RFC 7578 §1 refers to HTML for it.
 *
 *     name=value & name=value & …
 */
export class UrlencodedReader implements FormReader {
  readonly #limits: FormLimits
  readonly #events: FormEvent[] = []
  #fields = 0
  #over = false

  constructor(limits: FormLimits) {
    this.#limits = limits
  }

  next(input: ByteQueue, ended: boolean): FormEvent | undefined {
    while (this.#events.length === 0 && !this.#over) {
      const field = this.#takeField(input, ended)
      if (field === undefined) return undefined
      this.#fieldRead(field)
    }
    return this.#events.shift()
  }

  #takeField(input: ByteQueue, ended: boolean): Buffer | undefined {
    const { maxNameBytes, maxFieldBytes } = this.#limits
    // A byte has three characters at most.
    const maxBytes = (maxNameBytes + maxFieldBytes) * 3 + 1
    try {
      const field = input.takeLine(maxBytes, AMPERSAND)
      if (field !== undefined || !ended) return field
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error
      throw formTooLarge(`${maxFieldBytes} bytes in a field`)
    }
    this.#over = true
    return input.takeAll()
  }

  #fieldRead(field: Buffer): void {
    if (field.length > 0 || !this.#over) this.#countField()
    if (field.length > 0) this.#events.push(...this.#eventsOf(field))
    if (this.#over) this.#events.push(END)
  }

  /** Empty fields count too: an ampersand is not free. */
  #countField(): void {
    if (++this.#fields > this.#limits.maxFields) throw formTooLarge(`${this.#limits.maxFields} fields`)
  }

  #eventsOf(field: Buffer): FormEvent[] {
    const { maxNameBytes, maxFieldBytes } = this.#limits
    const equals = field.indexOf(EQUALS)
    const name = decode(equals < 0 ? field : field.subarray(0, equals))
    const data = equals < 0 ? EMPTY : decode(field.subarray(equals + 1))
    if (name.length > maxNameBytes) throw formTooLarge(`${maxNameBytes} bytes in a name`)
    if (data.length > maxFieldBytes) throw formTooLarge(`${maxFieldBytes} bytes in a field`)
    const head = { name: name.toString(), filename: undefined, type: 'text/plain', fields: [] }
    const part: FormEvent = { type: 'part', head }
    return data.length === 0 ? [part, PART_END] : [part, { type: 'data', data }, PART_END]
  }
}

/** Decodes `+` and `%HH`; a `%` without two digits stays. */
function decode(bytes: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    const high = HEX_VALUE[bytes[at + 1] ?? 0] ?? 0xff
    const low = HEX_VALUE[bytes[at + 2] ?? 0] ?? 0xff
    if (byte === PERCENT && high < 16 && low < 16) {
      decoded[length++] = high * 16 + low
      at += 2
    } else decoded[length++] = byte === PLUS ? BLANK : byte
  }
  return decoded.subarray(0, length)
}

const AMPERSAND = Buffer.from('&')
const EQUALS = 0x3d
const PERCENT = 0x25
const PLUS = 0x2b
const BLANK = 0x20
const EMPTY = Buffer.alloc(0)
const PART_END: FormEvent = { type: 'part-end' }
const END: FormEvent = { type: 'end' }
