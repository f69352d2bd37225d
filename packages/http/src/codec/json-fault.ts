/**
 * Returns where a text stops being JSON: the offset of the first character that cannot be there, or the text's length
 * when it ends too early.
 *
 * It is for texts that `JSON.parse` refuses, whose messages differ between versions and often have no position. It
 * takes linear time.
 *
 * @see RFC 8259 §2 to §7
 */
export function jsonFaultAt(text: string): number {
  const open: string[] = []
  let wanted: Wanted = 'value'
  let at = 0
  for (;;) {
    while (isBlank(text[at])) at++
    const char = text[at]
    if (char === undefined) return at
    const isScalar: boolean = isValue(wanted) ? SCALAR.has(char) : char === '"' && isName(wanted)
    const next: Wanted | undefined = isScalar
      ? isName(wanted)
        ? 'colon'
        : 'comma'
      : afterMark(char, open, wanted)
    if (next === undefined) return at
    const end = isScalar ? scalarEnd(text, at) : at + 1
    // ~end is the offset of a fault.
    if (end < 0) return ~end
    at = end
    wanted = next
  }
}

/** Returns what may follow a mark, and notes in `open` what it opens or closes; undefined when it cannot be there. */
function afterMark(char: string, open: string[], wanted: Wanted): Wanted | undefined {
  const closes = wanted === 'comma' || wanted === 'value or ]' || wanted === 'name or }'
  if (closes && char === open.at(-1)) {
    open.pop()
    return 'comma'
  }
  if (isValue(wanted) && (char === '[' || char === '{')) {
    open.push(char === '[' ? ']' : '}')
    return char === '[' ? 'value or ]' : 'name or }'
  }
  if (wanted === 'colon' && char === ':') return 'value'
  if (wanted !== 'comma' || char !== ',' || open.length === 0) return undefined
  return open.at(-1) === '}' ? 'name' : 'value'
}

/** Returns where a string, number or word ends; `~offset` for the offset of a fault in it. */
function scalarEnd(text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at + 1)
  const word = WORDS.get(text[at] ?? '')
  return word === undefined ? numberEnd(text, at) : wordEnd(text, at, word)
}

function wordEnd(text: string, from: number, word: string): number {
  for (let i = 0; i < word.length; i++) if (text[from + i] !== word[i]) return ~(from + i)
  return from + word.length
}

function stringEnd(text: string, from: number): number {
  for (let at = from; ; at++) {
    const char = text[at]
    if (char === '"') return at + 1
    if (char === undefined || char < ' ') return ~at
    if (char !== '\\') continue
    at++
    if (text[at] === 'u') {
      for (const last = at + 4; at < last;) if (!isHex(text[++at])) return ~at
    } else if (!ESCAPED.has(text[at] ?? '')) return ~at
  }
}

function numberEnd(text: string, from: number): number {
  const start = text[from] === '-' ? from + 1 : from
  // A number has one zero at its beginning at most.
  let at = text[start] === '0' ? start + 1 : digitsEnd(text, start)
  if (at >= 0 && text[at] === '.') at = digitsEnd(text, at + 1)
  if (at >= 0 && (text[at] === 'e' || text[at] === 'E')) {
    const signed = text[at + 1] === '+' || text[at + 1] === '-'
    at = digitsEnd(text, at + (signed ? 2 : 1))
  }
  return at
}

/** One digit at least. */
function digitsEnd(text: string, from: number): number {
  let at = from
  while (isDigit(text[at])) at++
  return at === from ? ~at : at
}

function isValue(wanted: Wanted): boolean {
  return wanted === 'value' || wanted === 'value or ]'
}

function isName(wanted: Wanted): boolean {
  return wanted === 'name' || wanted === 'name or }'
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\n' || char === '\r' || char === '\t'
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9'
}

function isHex(char: string | undefined): boolean {
  return (
    isDigit(char) || (char !== undefined && ((char >= 'a' && char <= 'f') || (char >= 'A' && char <= 'F')))
  )
}

/** What the grammar allows next. */
type Wanted = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'comma'

const WORDS: ReadonlyMap<string, string> = new Map(
  ['true', 'false', 'null'].map((word) => [word.charAt(0), word]),
)
const SCALAR: ReadonlySet<string> = new Set('"-0123456789tfn')
const ESCAPED: ReadonlySet<string> = new Set('"\\/bfnrt')
