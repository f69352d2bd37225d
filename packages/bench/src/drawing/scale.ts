/** Maps values to positions of a drawing. */
export interface Scale {
  readonly position: (value: number) => number
  /** The values that an axis names, in ascending order. */
  readonly ticks: readonly number[]
}

/** Where a scale begins and ends in the drawing. */
export interface Extent {
  readonly from: number
  readonly to: number
}

/**
 * A scale on which equal distances are equal ratios. It begins and ends at a tick.
 *
 * @param values Positive numbers that it must hold.
 * @param base The ratio of two ticks: 10 for counts, a power of two for bytes.
 */
export function logScale(values: readonly number[], { from, to }: Extent, base: number): Scale {
  const logs = values.map((value) => Math.log(value) / Math.log(base))
  // Rounding errors must not add a tick beyond a value that lies on one.
  const first = Math.floor(Math.min(...logs) + EPSILON)
  const last = Math.max(first + 1, Math.ceil(Math.max(...logs) - EPSILON))
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => base ** (first + at))
  const position = (value: number): number =>
    from + ((Math.log(value) / Math.log(base) - first) / (last - first)) * (to - from)
  return { position, ticks }
}

/**
 * A scale on which equal distances are equal ratios, with ticks at 1, 2 and 5 times the powers of ten.
 *
 * @param values Positive numbers that it must hold.
 */
export function stepScale(values: readonly number[], { from, to }: Extent): Scale {
  const least = Math.min(...values)
  const most = Math.max(...values)
  const powers = Math.floor(Math.log10(least))
  const count = Math.ceil(Math.log10(most)) - powers + 1
  const steps = Array.from({ length: count }, (_, at) =>
    [1, 2, 5].map((step) => Number(`${step}e${powers + at}`)),
  ).flat()
  const begin = steps.findLastIndex((step) => step <= least)
  const end = Math.max(
    begin + 1,
    steps.findIndex((step) => step >= most),
  )
  const ticks = steps.slice(begin, end + 1)
  const first = Math.log(ticks[0] ?? least)
  const last = Math.log(ticks.at(-1) ?? most)
  const position = (value: number): number =>
    from + ((Math.log(value) - first) / (last - first)) * (to - from)
  return { position, ticks }
}

/**
 * A scale that begins at 0 and ends at a round number, for numbers that are not negative.
 *
 * @param unit What is round: 1024 for KiB.
 */
export function linearScale(values: readonly number[], { from, to }: Extent, unit: number = 1): Scale {
  const most = Math.max(...values) / unit
  const power = 10 ** Math.floor(Math.log10(most / 4))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size * 5 >= most) ?? most
  const last = Math.ceil(most / step - EPSILON)
  const ticks = Array.from({ length: last + 1 }, (_, at) => at * step * unit)
  return { position: (value) => from + (value / (last * step * unit)) * (to - from), ticks }
}

const EPSILON = 1e-9
