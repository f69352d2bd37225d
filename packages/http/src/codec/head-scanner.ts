import type { ByteQueue } from '@ropewalk/core/bytes'
import { FieldScanner } from './field-scanner.ts'

/** Scans the first line of a message as its bytes arrive. */
export interface StartLineScanner {
  /** Whether the line has ended. */
  readonly complete: boolean
  /**
   * Scans more of the line.
   *
   * @param from The offset in `bytes` to continue at: what the last call returned.
   * @returns the offset after the last byte scanned; `complete` is true when the line ends there.
   */
  scan(bytes: Uint8Array, from: number): number
  /** Prepares for the next line. */
  reset(): void
}

/** The limits of a head. */
export interface HeadLimits {
  readonly maxHeadBytes: number
  readonly maxFieldCount: number
}

/** Finds the head of a message in a queue when all of it has arrived: its first line and its field lines (RFC 9112 §2.1). */
export class HeadScanner {
  readonly #line: StartLineScanner
  readonly #fields: FieldScanner
  #inFields = false
  /** Bytes of the head that were scanned and are still in the queue. */
  #scannedBytes = 0

  constructor(line: StartLineScanner, { maxHeadBytes, maxFieldCount }: HeadLimits) {
    this.#line = line
    this.#fields = new FieldScanner({
      maxBytes: maxHeadBytes,
      maxCount: maxFieldCount,
      tooLarge: 'head-too-large',
    })
  }

  /** Whether bytes of a head have been scanned. */
  get begun(): boolean {
    return this.#scannedBytes > 0
  }

  /**
   * Returns a head as latin1. It stays in the queue until `skip`, which must be called before the next head.
   *
   * @returns undefined when the head has not all arrived.
   * @throws {RemoteProtocolError} when a byte is not allowed, or the head is too large.
   */
  find(input: ByteQueue): string | undefined {
    if (input.length === this.#scannedBytes) return undefined
    const bytes = input.view()
    if (!this.#inFields) {
      this.#scannedBytes = this.#line.scan(bytes, this.#scannedBytes)
      if (!this.#line.complete) return undefined
      this.#inFields = true
      this.#fields.reset(this.#scannedBytes)
    }
    this.#scannedBytes = this.#fields.scan(bytes, this.#scannedBytes)
    if (!this.#fields.complete) return undefined
    return bytes.toString('latin1', 0, this.#scannedBytes)
  }

  /** The fields of the head that `find` has returned: name, value, name, value, … */
  fields(text: string): string[] {
    return this.#fields.fields(text)
  }

  /** Removes the head that `find` has returned from the queue, and prepares for the next one. */
  skip(input: ByteQueue): void {
    input.skip(this.#scannedBytes)
    this.#scannedBytes = 0
    this.#inFields = false
    this.#line.reset()
  }
}
