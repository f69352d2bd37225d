/**
 * Generates the chunkings that a parser's test must try: the whole of `bytes`, one byte at a time, and two pieces,
 * cut at every place.
 *
 * The pieces are copies, so a parser that changes or keeps them affects no other chunking.
 */
export function* chunkings(bytes: Uint8Array | string): Generator<Buffer[]> {
  const whole = Buffer.from(bytes as string)
  const copy = (start: number, end?: number): Buffer => Buffer.from(whole.subarray(start, end))
  yield [copy(0)]
  yield Array.from(whole, (_, at) => copy(at, at + 1))
  for (let cut = 1; cut < whole.length; cut++) yield [copy(0, cut), copy(cut)]
}
