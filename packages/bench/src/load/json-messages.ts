/**
 * Messages of JSON, all of the same length and all different, the same ones in every run.
 *
 * @param bytes The length of each.
 */
export function jsonMessages(bytes: number, count: number): readonly Buffer[] {
  const random = randomNumbers()
  return Array.from({ length: count }, () => {
    let text = '['
    while (text.length < bytes) text += `${JSON.stringify(measurement(random))},`
    return Buffer.from(`${text.slice(0, bytes - 1)}]`)
  })
}

function measurement(random: (limit: number) => number): object {
  return {
    id: random(1_000_000),
    strand: STRANDS[random(STRANDS.length)],
    tension: random(100_000) / 100,
    turns: random(500),
    isTarred: random(2) === 1,
    at: new Date(1_790_000_000_000 + random(1_000_000_000)).toISOString(),
  }
}

/** A linear congruential generator, with the factors of Numerical Recipes. */
function randomNumbers(): (limit: number) => number {
  let state = 4711
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

const STRANDS = ['hemp', 'manila', 'sisal', 'coir', 'nylon', 'polypropylene']
