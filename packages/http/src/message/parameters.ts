import { TCHAR } from './field-grammar.ts'

/** A media type, such as the one in Content-Type. */
export interface MediaType {
  /** Type and subtype in lower case, such as `text/html`. */
  readonly type: string
  /** The parameters' values by name in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * Parses a media type.
 *
 *     text/html; charset=utf-8      multipart/form-data; boundary="a b"
 *
 * @returns undefined when it is malformed, or has a parameter twice.
 * @see RFC 9110 §8.3.1
 */
export function parseMediaType(value: string): MediaType | undefined {
  const [type = ''] = MEDIA_TYPE.exec(value) ?? []
  const parameters = parseParameters(value.slice(type.length), (quoted) => quoted.replaceAll(/\\(.)/g, '$1'))
  if (type === '' || parameters === undefined) return undefined
  return { type: type.toLowerCase(), parameters }
}

/**
 * Parses `; name=value; name="value"`, to the end of the text.
 *
 * @param unquote Returns the value of a quoted string; its parameter is the text between the quotes, with every
 *   backslash.
 * @returns the values by name in lower case; undefined when the text is malformed, or has a name twice.
 * @see RFC 9110 §5.6.6
 */
export function parseParameters(
  text: string,
  unquote: (quoted: string) => string,
): Map<string, string> | undefined {
  const parameters = new Map<string, string>()
  const pattern = new RegExp(PARAMETER)
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text)
    if (found === null) return undefined
    const [, name, token, quoted] = found
    if (name === undefined) continue
    const key = name.toLowerCase()
    if (parameters.has(key)) return undefined
    parameters.set(key, token ?? unquote(quoted ?? ''))
  }
  return parameters
}

const TOKEN = `${TCHAR.source}+`
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}`)
/** Each alternative begins with a different character, so matching takes linear time. */
const PARAMETER = new RegExp(
  String.raw`[\t ]*(?:;[\t ]*(?:(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\]|\\.)*)"))?|$)`,
  'y',
)
