/** Answers `data`. @throws {TypeError} unless `data` is what can be written: bytes or a string. */
export function assertBytes(data: unknown): Uint8Array | string {
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  throw new TypeError(`Cannot write ${data === null ? 'null' : typeof data}: give a Uint8Array or a string`)
}
