import { SP, TAB } from './byte-class.ts'

/**
 * The elements of a comma-separated list over all its field lines, in lower case and without the
 * blanks around them. Empty elements stay: whether they may be there is for the field to say.
 *
 * @param values Latin1, in which nothing but A to Z becomes a to z in lower case.
 * @see RFC 9110 §5.6.1
 */
export function listElements(values: readonly string[]): string[] {
  return values.join(',').toLowerCase().split(',').map(withoutBlanks)
}

/** Not trim(), which takes more than OWS for blanks; and no pattern, which may cost quadratic time. */
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
