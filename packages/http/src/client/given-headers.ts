import { Headers } from '../message/headers.ts'

/** Headers as a caller gives them: by name, as pairs, or as `Headers` of this package or of the web. */
export type GivenHeaders =
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | readonly string[]>>

/**
 * Returns the headers that a caller gives for a request, as `Headers` of their own.
 *
 * @param owner What takes them, for error messages.
 * @param isOwned Whether `owner` sets the header of that name, in lower case, itself.
 * @throws {TypeError} when a name is not a token or belongs to `owner`; when a value is not a string, or has a
 *   control character such as CR, LF or NUL, or a character above U+00FF.
 */
export function givenHeaders(
  owner: string,
  given: GivenHeaders,
  isOwned: (name: string) => boolean,
): Headers {
  const headers = new Headers()
  for (const [name, value] of pairsOf(owner, given)) {
    headers.addRawHeader(name, value)
    if (isOwned(name.toLowerCase()))
      throw new TypeError(`Cannot take the header ${name} for ${owner}, which sets it itself: leave it out`)
  }
  return headers
}

function pairsOf(owner: string, given: unknown): readonly (readonly [string, string])[] {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`Cannot take headers of type ${typeof given} for ${owner}: give { name: value }`)
  if (Symbol.iterator in given) return Array.from(given as Iterable<unknown>, (pair) => pairOf(owner, pair))
  return Object.entries(given).flatMap(([name, value]: [string, unknown]) =>
    // Headers check the type of a value.
    (Array.isArray(value) ? value : [value]).map((one: string) => [name, one] as const),
  )
}

function pairOf(owner: string, pair: unknown): readonly [string, string] {
  if (Array.isArray(pair) && pair.length === 2) return pair as [string, string]
  throw new TypeError(`Cannot take these headers for ${owner}: give pairs of a name and a value`)
}
