import { asciiHost, assertHostName } from '../hosts.ts'
import type { Reactor, ReactorDescriptors, ReactorStandardIO } from '../interfaces/reactor.ts'

/** An endpoint string cannot be parsed; `position` is where, counted from 0. */
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
  /** Undefined for an argument by position. */
  readonly name: string | undefined
  readonly value: string
  readonly position: number
}

/** A parsed description: `tcp:8080:interface=127.0.0.1` is of type `tcp`, with two arguments. */
export interface EndpointDescription {
  readonly text: string
  /** Where in `text` the description begins. */
  readonly position: number
  readonly type: string
  readonly args: readonly EndpointArgument[]
}

/**
 * Parses an endpoint string: arguments between colons, as `name=value` or by position. After a backslash,
 * `:`, `=` and `\` are ordinary characters.
 *
 * @param from Where the description begins in `text`.
 * @throws {EndpointSyntaxError} when it cannot be parsed.
 */
export function parseDescription(text: string, from: number = 0): EndpointDescription {
  const [type, ...args] = splitArguments(text, from)
  if (type === undefined || type.value === '' || type.name !== undefined) {
    throw new EndpointSyntaxError(text, from, 'it must begin with a type, such as tcp:')
  }
  return { text, position: from, type: type.value, args }
}

/**
 * Escapes `value` for one argument of an endpoint string.
 *
 * @example
 * ```ts
 * import { quoteStringArgument } from '@ropewalk/core/endpoints'
 *
 * console.log(`unix:${quoteStringArgument('/run/a:b.sock')}:mode=660`)
 * ```
 *
 * ```text
 * unix:/run/a\:b.sock:mode=660
 * ```
 */
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

/**
 * The arguments of one description. Each method takes one, by its name; a method without `named` in its name takes
 * the next argument by position if none has the name. `done` throws when an argument was not taken.
 *
 * A method throws an EndpointSyntaxError when its argument does not have the right form.
 */
export class EndpointArguments {
  readonly #description: EndpointDescription
  readonly #positional: EndpointArgument[]
  readonly #named = new Map<string, EndpointArgument>()

  /** @throws {EndpointSyntaxError} when a name is given twice. */
  constructor(description: EndpointDescription) {
    this.#description = description
    this.#positional = description.args.filter((arg) => arg.name === undefined)
    for (const arg of description.args) {
      if (arg.name === undefined) continue
      if (this.#named.has(arg.name)) throw this.#wrong(arg, `"${arg.name}" is given twice`)
      this.#named.set(arg.name, arg)
    }
  }

  /** A text; undefined when it is missing. */
  text(name: string): string | undefined {
    return this.#take(name)?.value
  }

  /** A text. @throws {EndpointSyntaxError} when it is missing or empty. */
  requiredText(name: string, example: string): string {
    const arg = this.#take(name)
    if (arg === undefined || arg.value === '') {
      const { text } = this.#description
      throw new EndpointSyntaxError(
        text,
        arg?.position ?? text.length,
        `${name} is missing, as in ${example}`,
      )
    }
    return arg.value
  }

  /** The name of a host, or its address. @throws {EndpointSyntaxError} when it is missing, or neither. */
  hostName(name: string, example: string): string {
    const arg = this.#peek(name)
    const host = this.requiredText(name, example)
    try {
      const encoded = asciiHost(host)
      assertHostName(encoded)
      return encoded
    } catch {
      throw this.#wrong(arg, `"${host}" is neither an address nor the name of a host`)
    }
  }

  /** A whole number of at most nine digits. @throws {EndpointSyntaxError} when it is missing, or not one. */
  number(name: string, example: string): number {
    const arg = this.#peek(name)
    const digits = this.requiredText(name, example)
    if (/^[0-9]{1,9}$/.test(digits)) return Number(digits)
    throw this.#wrong(arg, `${name} must be a number, as in ${example}, not "${digits}"`)
  }

  /** A port number. `lowest` is 0 where the system may choose a free port. */
  port(name: string, lowest: number, example: string): number {
    const arg = this.#peek(name)
    const digits = this.requiredText(name, example)
    const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : -1
    if (port >= lowest && port <= 65_535) return port
    throw this.#wrong(arg, `the port must be a number from ${lowest} to 65535, not "${digits}"`)
  }

  /** A named whole number, in octal (up to four digits) or decimal. */
  named(name: string, radix: 8 | 10): number | undefined {
    const arg = this.#takeNamed(name)
    if (arg === undefined) return undefined
    const valid = radix === 8 ? /^[0-7]{1,4}$/ : /^[0-9]{1,9}$/
    if (!valid.test(arg.value)) {
      throw this.#wrong(
        arg,
        `${name} must be ${radix === 8 ? 'octal digits' : 'a number'}, not "${arg.value}"`,
      )
    }
    return Number.parseInt(arg.value, radix)
  }

  /** A named text. @throws {EndpointSyntaxError} when it is empty, for example from an unset variable. */
  namedText(name: string): string | undefined {
    const arg = this.#takeNamed(name)
    if (arg?.value === '') throw this.#wrong(arg, `${name} is empty; a colon in it is written \\:`)
    return arg?.value
  }

  /** A named text. @throws {EndpointSyntaxError} when it is missing or empty. */
  requiredNamed(name: string, example: string): string {
    const arg = this.#takeNamed(name)
    if (arg !== undefined && arg.value !== '') return arg.value
    throw arg === undefined
      ? this.syntaxError(`${name} is missing, as in ${example}`)
      : this.#wrong(arg, `${name} is empty`)
  }

  /** A named `yes` or `no`. */
  flag(name: string): boolean | undefined {
    const value = this.oneOf(name, ['yes', 'no'])
    return value === undefined ? undefined : value === 'yes'
  }

  /** A named text that must be one of `values`. */
  oneOf(name: string, values: readonly string[]): string | undefined {
    const arg = this.#takeNamed(name)
    if (arg === undefined || values.includes(arg.value)) return arg?.value
    throw this.#wrong(arg, `${name} must be ${values.join(' or ')}, not "${arg.value}"`)
  }

  /** @throws {EndpointSyntaxError} when only one of two arguments that belong together is given. */
  together(one: string, oneValue: unknown, other: string, otherValue: unknown): void {
    if ((oneValue === undefined) !== (otherValue === undefined))
      throw this.syntaxError(`${one} and ${other} belong together: give both or neither`)
  }

  /** @throws {EndpointSyntaxError} unless exactly one of two arguments is given. */
  exactlyOne(one: string, oneValue: unknown, other: string, otherValue: unknown, example: string): void {
    if ((oneValue === undefined) === (otherValue === undefined))
      throw this.syntaxError(`give ${one} or ${other}, as in ${example}`)
  }

  /** Returns an error about the whole description. */
  syntaxError(why: string): EndpointSyntaxError {
    const { text, position } = this.#description
    return new EndpointSyntaxError(text, position, why)
  }

  /** A named time, given with a unit, in milliseconds. */
  namedMs(name: string): number | undefined {
    const arg = this.#takeNamed(name)
    if (arg === undefined) return undefined
    const [, amount, unit] = /^([0-9]{1,9})(ms|s|m)$/.exec(arg.value) ?? []
    const factor = unit === undefined ? undefined : MS_OF_UNIT[unit]
    if (factor === undefined) {
      throw this.#wrong(arg, `${name} needs a unit, as in ${name}=30s or ${name}=500ms, not "${arg.value}"`)
    }
    if (Number(amount) === 0) throw this.#wrong(arg, `${name} must be more than 0, not "${arg.value}"`)
    return Number(amount) * factor
  }

  /** @throws {EndpointSyntaxError} when an argument was not taken. */
  done(): void {
    const extra = this.#positional[0] ?? this.#named.values().next().value
    if (extra === undefined || this.#isEmpty) return
    const what =
      extra.name === undefined
        ? `"${extra.value}" is one argument too many`
        : `"${extra.name}" is unknown here`
    throw this.#wrong(extra, what)
  }

  /** Whether it is only a type and a colon, such as `stdio:`. */
  get #isEmpty(): boolean {
    const [only, ...more] = this.#description.args
    return only?.name === undefined && only?.value === '' && more.length === 0
  }

  #peek(name: string): EndpointArgument | undefined {
    return this.#named.get(name) ?? this.#positional[0]
  }

  #take(name: string): EndpointArgument | undefined {
    return this.#takeNamed(name) ?? this.#positional.shift()
  }

  #takeNamed(name: string): EndpointArgument | undefined {
    const arg = this.#named.get(name)
    this.#named.delete(name)
    return arg
  }

  #wrong(arg: EndpointArgument | undefined, why: string): EndpointSyntaxError {
    return new EndpointSyntaxError(this.#description.text, arg?.position ?? 0, why)
  }
}

/**
 * A reactor for which endpoints are made. A type that needs an optional part throws for a reactor without it.
 */
export type EndpointReactor = Reactor & Partial<ReactorDescriptors & ReactorStandardIO>

/** Makes an endpoint from the arguments of a string. An argument that it does not take is an error. */
export type EndpointParser<E> = (args: EndpointArguments, reactor: EndpointReactor) => E

/** Removes undefined options, so that they keep their defaults. */
export function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

const MS_OF_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }
