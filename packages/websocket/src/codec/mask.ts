import { SIMD } from './simd-mask.ts'

/**
 * Masks or unmasks bytes in place: the same operation (RFC 6455 §5.3).
 *
 * @param key The masking key's four bytes as a little-endian number, turned to begin at the first byte of
 *   `data`; 0 changes nothing.
 */
export function mask(data: Uint8Array, key: number): void {
  if (key === 0) return
  if (data.length < WORDWISE_BYTES || !LITTLE_ENDIAN) maskBytes(data, key, 0, data.length)
  else if (data.length >= SIMD_BYTES && SIMD !== undefined) SIMD.maskInto(data, key, data, 0)
  else maskWords(data, key)
}

/** Copies `data` to `target` from index `at` on, and masks the copy as `mask` does. They must not overlap. */
export function maskInto(data: Uint8Array, key: number, target: Uint8Array, at: number): void {
  if (key !== 0 && data.length >= SIMD_BYTES && SIMD !== undefined)
    return SIMD.maskInto(data, key, target, at)
  target.set(data, at)
  if (key !== 0) mask(target.subarray(at, at + data.length), key)
}

/** The key, turned to begin at the byte that is `bytes` further on. */
export function turnKey(key: number, bytes: number): number {
  const bits = (bytes & 3) * 8
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits))
}

/** @param key The key, turned to begin at the byte at `start`. */
function maskBytes(data: Uint8Array, key: number, start: number, end: number): void {
  const k0 = key & 0xff
  const k1 = (key >>> 8) & 0xff
  const k2 = (key >>> 16) & 0xff
  const k3 = key >>> 24
  let at = start
  for (; at + 3 < end; at += 4) {
    data[at] = (data[at] ?? 0) ^ k0
    data[at + 1] = (data[at + 1] ?? 0) ^ k1
    data[at + 2] = (data[at + 2] ?? 0) ^ k2
    data[at + 3] = (data[at + 3] ?? 0) ^ k3
  }
  if (at < end) data[at] = (data[at] ?? 0) ^ k0
  if (at + 1 < end) data[at + 1] = (data[at + 1] ?? 0) ^ k1
  if (at + 2 < end) data[at + 2] = (data[at + 2] ?? 0) ^ k2
}

/** Masks the aligned words as words, eight a round, and the bytes before and after them one by one. */
function maskWords(data: Uint8Array, key: number): void {
  const headBytes = -data.byteOffset & 3
  const wordKey = turnKey(key, headBytes)
  const words = new Int32Array(data.buffer, data.byteOffset + headBytes, (data.length - headBytes) >>> 2)
  maskBytes(data, key, 0, headBytes)
  let at = 0
  for (const end = words.length & ~7; at < end; at += 8) {
    words[at] = (words[at] ?? 0) ^ wordKey
    words[at + 1] = (words[at + 1] ?? 0) ^ wordKey
    words[at + 2] = (words[at + 2] ?? 0) ^ wordKey
    words[at + 3] = (words[at + 3] ?? 0) ^ wordKey
    words[at + 4] = (words[at + 4] ?? 0) ^ wordKey
    words[at + 5] = (words[at + 5] ?? 0) ^ wordKey
    words[at + 6] = (words[at + 6] ?? 0) ^ wordKey
    words[at + 7] = (words[at + 7] ?? 0) ^ wordKey
  }
  for (; at < words.length; at++) words[at] = (words[at] ?? 0) ^ wordKey
  maskBytes(data, wordKey, headBytes + words.length * 4, data.length)
}

/** Below this size in bytes, creating the view costs more than it saves. */
const WORDWISE_BYTES = 96
/** From this size in bytes on, the two copies and the call cost less than what SIMD saves. */
const SIMD_BYTES = 1024
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
