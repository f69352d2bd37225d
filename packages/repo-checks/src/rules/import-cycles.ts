import { importsOf } from '../reading/imports.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds files that import each other in a circle, type-only imports included. Contracts alone may. */
export function importCycles(repository: Repository): readonly Violation[] {
  const edges = new Map(repository.sources.map((source) => [source.path, goalsOf(source)]))
  return repository.sources.flatMap((source) => {
    const cycle = wayBack(source.path, edges)
    // Each cycle is told once, by the file that is first in the alphabet.
    if (cycle === undefined || cycle.some((path) => path < source.path)) return []
    const what = `is in a cycle: ${[...cycle, source.path].join(' → ')}`
    return [source.violation({ start: 0 }, what, 'move what both need into a third file')]
  })
}

function goalsOf(source: Source): readonly string[] {
  return importsOf(source)
    .flatMap(({ path }) => path ?? [])
    .filter((path) => !(isContract(source.path) && isContract(path)))
}

/** The shortest way from a file through its imports back to it, the file itself first. */
function wayBack(
  start: string,
  edges: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const seen = new Set<string>()
  let ways: readonly (readonly string[])[] = [[start]]
  while (ways.length > 0) {
    const longer: string[][] = []
    for (const way of ways) {
      for (const goal of edges.get(way.at(-1) ?? start) ?? []) {
        if (goal === start) return way
        if (!seen.has(goal)) longer.push([...way, goal])
        seen.add(goal)
      }
    }
    ways = longer
  }
  return undefined
}

function isContract(path: string): boolean {
  return path.startsWith('packages/core/src/interfaces/')
}
