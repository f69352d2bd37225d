import type { LogEvent, LogLevel, LogObserver } from '../interfaces/log.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { anything, callable, having, type OptionRules } from '../options/option-rules.ts'

/** What an observer wants to hear. */
export interface LogFilter {
  /** The least level it hears. */
  readonly level: LogLevel
  /**
   * The least level for a namespace and those below it: `shop` counts for `shop.orders` too, unless that
   * has a level of its own.
   */
  readonly namespaces?: Readonly<Record<string, LogLevel>> | undefined
}

/**
 * The same observer, for the events that pass. The others cost nothing more: not even their text is made.
 *
 * @throws {TypeError} when `observer` is no function, or `filter` has another option.
 * @throws {RangeError} when a level is not one of `LogLevel`, as when it comes from the environment.
 */
export function filtered(observer: LogObserver, filter: LogFilter): LogObserver {
  checkValue('filtered', 'observer', observer, callable)
  checkValue('filtered', 'filter', filter, having('an object: { level }'))
  checkOptions('filtered', filter, RULES)
  const { level, namespaces = {} } = filter
  const least = rankOf(level)
  const leastBelow = new Map(Object.entries(namespaces).map(([name, own]) => [name, rankOf(own)]))
  const passes = (event: LogEvent): boolean =>
    RANK[event.level] >= (nearest(leastBelow, event.namespace) ?? least)
  return (event) => (passes(event) ? observer(event) : undefined)
}

/** What the map has for a namespace, or for the longest one that it is below. */
function nearest(ranks: ReadonlyMap<string, number>, namespace: string = ''): number | undefined {
  for (let name = namespace; ranks.size > 0; name = name.slice(0, name.lastIndexOf('.'))) {
    const rank = ranks.get(name)
    if (rank !== undefined || !name.includes('.')) return rank
  }
  return undefined
}

function rankOf(level: LogLevel): number {
  if (Object.hasOwn(RANK, level)) return RANK[level]
  throw new RangeError(`Cannot filter by level "${level}": there are ${Object.keys(RANK).join(', ')}`)
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, critical: 4 }

const RULES: OptionRules<LogFilter> = {
  // What ranks them knows which there are.
  level: anything,
  namespaces: having('levels by namespace'),
}
