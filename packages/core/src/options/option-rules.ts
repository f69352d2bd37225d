/**
 * The rule for the values of one option.
 *
 * @returns undefined for a value that it accepts.
 */
export type OptionRule = (value: unknown) => OptionProblem | undefined

/** Why a value is refused. */
export interface OptionProblem {
  /** Whether it has the wrong type, or the right one and is out of range. */
  readonly kind: 'type' | 'range'
  /** What is accepted, worded to follow “give”. */
  readonly wanted: string
  /** The part of the value that is wrong, such as `.writeStallMs` or `[2]`. */
  readonly at?: string
  /** The value of that part. */
  readonly found?: unknown
}

/** A rule for every option of `T`: an option without one does not compile. */
export type OptionRules<T> = { readonly [name in keyof T]-?: OptionRule }

/** Which numbers are accepted. */
export interface NumberBounds {
  /** The least. Default 0. */
  readonly least?: number
  /** What it must be more than, instead of `least`. */
  readonly above?: number
  /** The greatest, besides Infinity. Default: no limit. */
  readonly most?: number
  /** Whether Infinity, which means no limit, is accepted. Default false. */
  readonly endless?: boolean
}

/** A number of milliseconds, whole or not. */
export function milliseconds(bounds: NumberBounds = {}): OptionRule {
  return numberRule('milliseconds', bounds, false)
}

/** A whole number of bytes. */
export function byteCount(bounds: NumberBounds = {}): OptionRule {
  return numberRule('bytes', bounds, true)
}

/** A whole number without a unit. */
export function count(bounds: NumberBounds = {}): OptionRule {
  return numberRule('', bounds, true)
}

/** A number that need not be whole, such as a factor or a rate. */
export function quantity(bounds: NumberBounds = {}): OptionRule {
  return numberRule('', bounds, false)
}

/** A boolean. */
export const flag: OptionRule = (value) =>
  typeof value === 'boolean' ? undefined : { kind: 'type', wanted: 'true or false' }

/** A string, which may be empty. */
export const anyText: OptionRule = (value) =>
  typeof value === 'string' ? undefined : { kind: 'type', wanted: 'a string' }

/** A string that is not empty. */
export const filledText: OptionRule = (value) =>
  value === '' ? { kind: 'range', wanted: 'a string that is not empty' } : anyText(value)

/** A path: a string that is not empty, without the NUL at which the system would truncate it. */
export const path: OptionRule = (value) => {
  const problem = filledText(value)
  if (problem !== undefined || !(value as string).includes('\0')) return problem
  return { kind: 'range', wanted: 'a path without NUL' }
}

/** A function. */
export const callable: OptionRule = (value) =>
  typeof value === 'function' ? undefined : { kind: 'type', wanted: 'a function' }

/** Any value: it is checked elsewhere, or every value is right. */
export const anything: OptionRule = () => undefined

/** One of some strings. */
export function oneOf(...values: readonly string[]): OptionRule {
  const wanted = values.map((value) => `'${value}'`).join(' or ')
  return (value) => {
    if (typeof value !== 'string') return { kind: 'type', wanted }
    return values.includes(value) ? undefined : { kind: 'range', wanted }
  }
}

/** A list of values that follow one rule. A string is not a list. */
export function listOf(rule: OptionRule): OptionRule {
  return (value) => {
    if (!Array.isArray(value)) return { kind: 'type', wanted: 'a list' }
    for (const [index, item] of value.entries()) {
      const problem = rule(item)
      if (problem !== undefined) return inside(problem, `[${index}]`, item)
    }
    return undefined
  }
}

/** Options within options. */
export function optionsOf<T>(rules: OptionRules<T>): OptionRule {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { kind: 'type', wanted: 'an object' }
    for (const [name, item] of Object.entries(value)) {
      const rule = Object.hasOwn(rules, name) ? rules[name as keyof T] : undefined
      if (rule === undefined) return unknownWithin(name, item, Object.keys(rules))
      const problem = item === undefined ? undefined : rule(item)
      if (problem !== undefined) return inside(problem, `.${name}`, item)
    }
    return undefined
  }
}

/** What the first or the second rule accepts. When neither does, the message asks for `wanted`. */
export function either(one: OptionRule, other: OptionRule, wanted: string): OptionRule {
  return (value) => {
    const problem = one(value)
    if (problem === undefined || other(value) === undefined) return undefined
    return { kind: problem.kind, wanted }
  }
}

/** An object with these methods, such as a policy or a reactor. The message asks for `wanted`. */
export function having(wanted: string, ...methods: readonly string[]): OptionRule {
  return (value) => {
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
    const has = isObject && methods.every((method) => typeof Reflect.get(value, method) === 'function')
    return has ? undefined : { kind: 'type', wanted }
  }
}

function numberRule(unit: string, bounds: NumberBounds, whole: boolean): OptionRule {
  const { least = 0, above, most, endless = false } = bounds
  const what = `${whole ? 'a whole number' : 'a number'}${unit && ` of ${unit}`}`
  const wanted = `${what}, ${rangeOf(bounds)}${endless ? ', or Infinity for no limit' : ''}`
  return (value) => {
    if (typeof value !== 'number') return { kind: 'type', wanted }
    if (value === Infinity) return endless ? undefined : { kind: 'range', wanted }
    // Written so that NaN, for which every comparison is false, is refused.
    const isEnough = above === undefined ? value >= least : value > above
    const inRange = isEnough && (most === undefined || value <= most)
    return inRange && (!whole || Number.isInteger(value)) ? undefined : { kind: 'range', wanted }
  }
}

function rangeOf({ least = 0, above, most }: NumberBounds): string {
  if (above !== undefined)
    return most === undefined ? `more than ${above}` : `more than ${above}, ${most} at most`
  return most === undefined ? `${least} or more` : `${least} to ${most}`
}

function unknownWithin(name: string, found: unknown, known: readonly string[]): OptionProblem {
  const wanted = `${nearestName(name, known) ?? `one of ${known.toSorted().join(', ')}`} instead`
  return { kind: 'type', wanted, at: `.${name}`, found }
}

function inside(
  { kind, wanted, at = '', ...problem }: OptionProblem,
  step: string,
  item: unknown,
): OptionProblem {
  return { kind, wanted, at: step + at, found: 'found' in problem ? problem.found : item }
}

/**
 * The name among `known` that a misspelt one was meant to be.
 *
 * @returns undefined when no name is near. A near name begins with the other or the reverse, or differs in a
 *   third of its letters at most. Case does not matter.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase()
  const [first] = known
    .map((candidate) => ({
      candidate,
      distance: distanceTo(wanted, candidate.toLowerCase()),
      lengths: Math.abs(candidate.length - name.length),
    }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .toSorted((one, other) => one.distance - other.distance || one.lengths - other.lengths)
  return first?.candidate
}

/** How many letters differ: 0 for a name that only lacks its end, such as a unit. */
function distanceTo(wanted: string, candidate: string): number {
  const shorter = Math.min(wanted.length, candidate.length)
  if (shorter >= MIN_PREFIX && wanted.slice(0, shorter) === candidate.slice(0, shorter)) return 0
  return editDistance(wanted.slice(0, MAX_COMPARED), candidate)
}

/** The Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

const MIN_PREFIX = 4
const MAX_COMPARED = 64
