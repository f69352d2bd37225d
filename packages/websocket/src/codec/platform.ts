import { mask, maskInto } from './mask.ts'

/**
 * What the codec takes from the JavaScript engine around it: memory, masking (RFC 6455 §5.3) and the check of
 * UTF-8 (§8.1). Inject another to use what is faster on one engine.
 */
export interface CodecPlatform<Bytes extends Uint8Array = Uint8Array> {
  /** Allocates memory that nothing else uses. It need not be initialised. */
  readonly allocate: (byteLength: number) => Bytes
  /** Allocates memory for bytes that are sent soon; it may be a part of a larger block. */
  readonly allocateFrame: (byteLength: number) => Bytes
  /** Returns a view of the same bytes, of the type that events contain. */
  readonly asBytes: (data: Uint8Array) => Bytes
  /**
   * Masks or unmasks bytes in place: the same operation.
   *
   * @param key The masking key's four bytes as a little-endian number, turned to begin at the first byte of
   *   `data`; 0 changes nothing.
   */
  readonly mask: (data: Uint8Array, key: number) => void
  /** Copies `data` to `target` from index `at` on, and masks the copy as `mask` does. */
  readonly maskInto: (data: Uint8Array, key: number, target: Uint8Array, at: number) => void
  /**
   * Frees memory at once, where a collector would free it later: the caller owns the bytes, which are all of their
   * memory, and does not use them again. A collector that has to find them all marks the whole heap after a few
   * large messages.
   */
  readonly free?: ((data: Uint8Array) => void) | undefined
  /** Whether the bytes are UTF-8. Without it the codec's own check is used. */
  readonly isUTF8?: ((data: Uint8Array) => boolean) | undefined
}

/** The platform of any engine: a browser, Bun, Deno, Node. */
export const WEB_PLATFORM: CodecPlatform = {
  allocate: (byteLength) => new Uint8Array(byteLength),
  allocateFrame: (byteLength) => new Uint8Array(byteLength),
  asBytes: (data) => data,
  mask,
  maskInto,
}
