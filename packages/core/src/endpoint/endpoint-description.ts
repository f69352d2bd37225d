/** An endpoint string that says nothing we understand; `position` is where, counted from 0. */
export class EndpointSyntaxError extends Error {
  override readonly name = 'EndpointSyntaxError'
  readonly description: string
  readonly position: number

  constructor(description: string, position: number, why: string) {
    super(`Cannot understand endpoint "${description.slice(0, 80)}" at position ${position}: ${why}`)
    this.description = description
    this.position = position
  }
}

/** One argument of a description. */
export interface EndpointArgument {
  /** undefined for a positional argument. */
  readonly name: string | undefined
  readonly value: string
  readonly position: number
}

/** A description taken apart: `tcp:8080:interface=127.0.0.1` is of type `tcp`, with two arguments. */
export interface EndpointDescription {
  readonly text: string
  /** Where in the text it begins. */
  readonly position: number
  readonly type: string
  readonly args: readonly EndpointArgument[]
}

/**
 * Takes an endpoint string apart: arguments between colons, `name=value` or by position; a backslash
 * before `:`, `=` or `\` takes its meaning away.
 *
 * @param from Where it begins: something else may stand before it.
 * @throws {EndpointSyntaxError}
 */
export function parseDescription(text: string, from: number = 0): EndpointDescription {
  const [type, ...args] = splitArguments(text, from)
  if (type === undefined || type.value === '' || type.name !== undefined) {
    throw new EndpointSyntaxError(text, from, 'it must begin with a type, such as tcp:')
  }
  return { text, position: from, type: type.value, args }
}

/** Makes `value` safe as one argument of an endpoint string. */
export function quoteStringArgument(value: string): string {
  return value.replaceAll(/[\\:=]/g, String.raw`\$&`)
}

function splitArguments(text: string, from: number): EndpointArgument[] {
  const args: EndpointArgument[] = []
  let name: string | undefined
  let value = ''
  let position = from
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '\\') {
      const escaped = text.charAt(++at)
      if (!':=\\'.includes(escaped) || escaped === '') {
        throw new EndpointSyntaxError(
          text,
          at - 1,
          String.raw`a backslash must stand before : = or \ `.trimEnd(),
        )
      }
      value += escaped
    } else if (char === ':') {
      args.push({ name, value, position })
      name = undefined
      value = ''
      position = at + 1
    } else if (char === '=' && name === undefined) {
      name = value
      value = ''
    } else value += char
  }
  args.push({ name, value, position })
  return args
}
