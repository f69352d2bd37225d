/**
 * Text that stays in its line and moves no cursor: control characters, line separators and marks that
 * turn the direction of writing are escaped, as `\n`, `\x1b` or `\u202e`.
 *
 * Much of what is logged came from a peer, who must not be able to forge a line.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  const long = code > 0xff ? `\\u${code.toString(16).padStart(4, '0')}` : undefined
  return SHORT.get(character) ?? long ?? `\\x${code.toString(16).padStart(2, '0')}`
}

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu
const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])
