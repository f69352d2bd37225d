/**
 * The bytes that a peer has sent and that are not read yet, as a MessageReader takes them (RFC 6455 §5.2).
 * `ReceivedBytes` is one, and the ByteQueue of `@ropewalk/core/bytes`.
 *
 * Bytes that are taken belong to the reader, which unmasks them in place and passes them on.
 */
export interface ByteInput<Bytes extends Uint8Array = Uint8Array> {
  /** Bytes held. */
  readonly length: number
  /** Returns the byte at `index`, counted from the next byte to be taken; undefined beyond the end. */
  byteAt(index: number): number | undefined
  /** Returns the next `count` bytes without taking them; undefined when fewer are held. */
  peek(count: number): Bytes | undefined
  /** Takes exactly `count` bytes; returns undefined, and takes nothing, when fewer are held. */
  takeExactly(count: number): Bytes | undefined
  /** Takes at least one byte and at most `limit`, without a copy of many; undefined when none is held. */
  takeUpTo(limit: number): Bytes | undefined
  /** Drops `count` bytes. */
  skip(count: number): void
  /** Drops all bytes. */
  clear(): void
}
