/**
 * The name among `known` that a misspelt one was meant to be.
 *
 * @returns undefined when none is near: one that begins with the other in any case, or differs in a third of its letters at most.
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

/** How many letters differ; a name that only lacks its end, such as a unit, is nearest. */
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
