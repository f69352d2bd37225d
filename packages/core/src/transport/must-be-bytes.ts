/** @throws {TypeError} unless `data` is what can be written: bytes or a string. */
export function mustBeBytes(data: unknown): void {
  if (typeof data === 'string' || data instanceof Uint8Array) return
  throw new TypeError(`Cannot write ${data === null ? 'null' : typeof data}: give a Uint8Array or a string`)
}
