import { listElements } from '../message/field-grammar.ts'

/**
 * Returns those content codings that a client accepts, the one it prefers first. Among equals the order of `codings`
 * decides.
 *
 * @param codings In lower case, with the server's preference first.
 * @param values The values of all Accept-Encoding lines. Without one, the client gets no coding. A malformed element
 *   is ignored.
 * @see RFC 9110 §12.5.3
 */
export function acceptedCodings<T extends string>(
  codings: readonly T[],
  values: readonly string[] | undefined,
): readonly T[] {
  if (values === undefined) return []
  const weights = weightsOf(values)
  const rest = weights.get('*') ?? 0
  const identity = weights.get('identity') ?? 0
  return codings
    .map((coding) => ({ coding, weight: weights.get(coding) ?? rest }))
    .filter(({ weight }) => weight > 0 && weight >= identity)
    .toSorted((one, other) => other.weight - one.weight)
    .map(({ coding }) => coding)
}

function weightsOf(values: readonly string[]): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const element of listElements(values)) {
    const [, name = '', weight = '1'] = ELEMENT.exec(element.toLowerCase()) ?? []
    // RFC 9110 §8.4.1.3: x-gzip is gzip.
    if (name !== '') weights.set(name.replace(/^x-(?=gzip$)/, ''), Number(weight))
  }
  return weights
}

/** A coding with its weight of three digits at most (RFC 9110 §12.4.2). */
const ELEMENT = /^([!#$%&'*+\-.^_`|~0-9a-z]+)(?:[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?$/
