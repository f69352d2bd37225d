import { TCHAR as TCHAR_PATTERN } from '../message/field-grammar.ts'

/** Bytes of a token: method, field name (RFC 9110 §5.6.2). */
export const TCHAR: Uint8Array = classOf((byte) => TCHAR_PATTERN.test(String.fromCharCode(byte)))

/** Visible ASCII: the bytes of a request target (RFC 9112 §3.2, RFC 3986). */
export const VISIBLE: Uint8Array = classOf((byte) => byte > 0x20 && byte < 0x7f)

/** Bytes of a field value: tab, blank, visible ASCII, and 0x80 to 0xff (RFC 9110 §5.5). */
export const FIELD_CONTENT: Uint8Array = classOf((byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f))

/** The value of a hexadecimal digit (RFC 5234 §B.1); 0xff for any other byte. */
export const HEX_VALUE: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  return /[0-9A-Fa-f]/.test(char) ? Number.parseInt(char, 16) : 0xff
})

/** Bytes with a meaning of their own in the grammar. */
export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a
export const DIGIT_0 = 0x30
/** Length of a line's end. */
export const CRLF_BYTES = 2

/** Returns a byte as messages show it, such as `0x0d`. */
export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}

function classOf(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))
}
