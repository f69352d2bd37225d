import { nearestName, type OptionProblem, type OptionRule, type OptionRules } from './option-rules.ts'

/** Options as a caller gives them. An undefined option has its default. */
export type GivenOptions<T> = { readonly [name in keyof T]?: T[name] | undefined }

/** Options with every default filled in. */
export type FilledOptions<T> = { readonly [name in keyof T]-?: Exclude<T[name], undefined> }

/**
 * Checks every option by name, type and range.
 *
 * @param owner What takes the options, as error messages name it: `listenTCP`, `Site`.
 * @param given An object, or undefined for no options. An undefined option counts as not given.
 * @param instead Names that other libraries use, with the option to use here: `{ host: 'interface' }`.
 * @throws {TypeError} when `given` is not an object, or an option is unknown or of the wrong type.
 * @throws {RangeError} when an option is of the right type and out of range.
 */
export function checkOptions<T extends object>(
  owner: string,
  given: GivenOptions<T> | undefined,
  rules: OptionRules<T>,
  instead: Readonly<Record<string, string>> = {},
): void {
  if (given === undefined) return
  if (!isOptions(given))
    throw new TypeError(`Cannot take ${shown(given)} as the options of ${owner}: give a plain object`)
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof T] : undefined
    if (rule === undefined) throw unknownOption(owner, name, Object.keys(rules), instead)
    if (value !== undefined) checkValue(owner, name, value, rule)
  }
}

/**
 * Checks a plain object as `checkOptions` does. Of an instance only the known options are checked: a
 * transport, for example, may be given for its reactor and its signal.
 *
 * @throws {TypeError | RangeError} as `checkOptions` does.
 */
export function checkOptionsOrInstance<T extends object>(
  owner: string,
  given: GivenOptions<T> | undefined,
  rules: OptionRules<T>,
): void {
  if (given === undefined || !isObject(given) || isPlain(given)) return checkOptions(owner, given, rules)
  for (const [name, rule] of Object.entries<OptionRule>(rules)) {
    const value: unknown = Reflect.get(given, name)
    if (value !== undefined) checkValue(owner, name, value, rule)
  }
}

/**
 * Checks `given` as `checkOptions` does, and fills in the defaults.
 *
 * @returns `defaults` itself when no option is given, so that many connections can share it.
 * @throws {TypeError | RangeError} as `checkOptions` does.
 */
export function withDefaults<T extends object>(
  owner: string,
  defaults: T,
  given: GivenOptions<T> | undefined,
  rules: OptionRules<T>,
  instead?: Readonly<Record<string, string>>,
): T {
  checkOptions(owner, given, rules, instead)
  const own = Object.entries(given ?? {}).filter(([, value]) => value !== undefined)
  return own.length === 0 ? defaults : { ...defaults, ...Object.fromEntries(own) }
}

/**
 * Checks one value: an argument or a single option.
 *
 * @param owner What takes the value: `callLater`.
 * @throws {TypeError | RangeError} as `checkOptions` does. Undefined is checked like any other value.
 */
export function checkValue(owner: string, name: string, value: unknown, rule: OptionRule): void {
  const problem = rule(value)
  if (problem !== undefined) throw optionError(owner, name, value, problem)
}

function optionError(owner: string, name: string, value: unknown, problem: OptionProblem): Error {
  const { at = '', wanted } = problem
  const found = 'found' in problem ? problem.found : value
  const message = `Cannot take ${name}${at} ${shown(found)} for ${owner}: give ${wanted}`
  return problem.kind === 'type' ? new TypeError(message) : new RangeError(message)
}

function unknownOption(
  owner: string,
  name: string,
  known: readonly string[],
  instead: Readonly<Record<string, string>>,
): TypeError {
  const nearest = Object.hasOwn(instead, name) ? instead[name] : nearestName(name, known)
  const hint =
    nearest === undefined ? `the options are ${known.toSorted().join(', ')}` : `did you mean ${nearest}?`
  return new TypeError(`Cannot take the unknown option ${shown(name)} for ${owner}: ${hint}`)
}

/** Whether options can be read from it. A Map, or an instance with inherited values only, has no own keys. */
function isOptions(given: unknown): given is object {
  return isObject(given) && (isPlain(given) || Object.keys(given).length > 0)
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

function isPlain(given: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(given)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** A value as messages quote it: short, and with the type where it matters. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN))
  if (typeof value === 'function') return `the function ${value.name.slice(0, MAX_SHOWN) || '(no name)'}`
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return withArticle(value.constructor?.name ?? 'object')
  return String(value)
}

function withArticle(name: string): string {
  return `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`
}

const MAX_SHOWN = 40
