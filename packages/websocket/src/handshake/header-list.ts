/** A token (RFC 9110 §5.6.2). */
export const TOKEN: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Reads the elements of a list header, in order and without the blanks around them (RFC 9110 §5.6.1).
 *
 * Empty elements are ignored, up to 16 of them.
 *
 * @param values The values of all fields of that name.
 * @returns undefined when the list is malformed: commas alone, or more empty elements.
 */
export function listElements(values: readonly string[]): readonly string[] | undefined {
  const elements: string[] = []
  let emptyElements = 0
  for (const value of values) {
    // A field without a value lists nothing, as if it were not there.
    if (trimmed(value) === '') continue
    for (const item of value.split(',')) {
      const element = trimmed(item)
      if (element !== '') elements.push(element)
      else if (++emptyElements > MAX_EMPTY_ELEMENTS) return undefined
    }
  }
  return elements.length === 0 && emptyElements > 0 ? undefined : elements
}

/** Removes the blanks at both ends. */
export function trimmed(item: string): string {
  // Not a regular expression: one that looks for blanks at the end is quadratic in blanks.
  let start = 0
  let end = item.length
  while (start < end && isBlank(item[start])) start++
  while (end > start && isBlank(item[end - 1])) end--
  return item.slice(start, end)
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t'
}

/** RFC 9110 §5.6.1.2 asks for a reasonable number. */
const MAX_EMPTY_ELEMENTS = 16
