/** Bytes of a token: method, field name (RFC 9110 §5.6.2). */
export const TCHAR: Uint8Array = classOf((byte) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)),
)

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

function classOf(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))
}

/**
 * Returns the elements of a comma-separated list over all its field lines, in lower case and without the
 * blanks around them. Empty elements are kept: whether they are allowed depends on the field.
 *
 * @param values Latin1, in which only A to Z become a to z in lower case.
 * @see RFC 9110 §5.6.1
 */
export function listElements(values: readonly string[]): string[] {
  return values.join(',').toLowerCase().split(',').map(withoutBlanks)
}

/** Neither trim(), which removes more than OWS, nor a regular expression, which may take quadratic time. */
function withoutBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === SP || code === TAB
}
