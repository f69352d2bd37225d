/** Where the messages of an exchange come from: a pattern, or one of the texts and files below. */
export type Source = Uint8Array | SourceName

/** A kind of content, which compresses in its own way. */
export type SourceName = 'json' | 'picture' | 'prose' | 'html' | 'document'

/** Makes content that is the same in every run. */
export class Sources {
  readonly #made = new Map<SourceName, Buffer>()

  /** The bytes of a source. Those of `json` and `html` are ASCII, so that any part of them is text. */
  bytesOf(source: Source): Uint8Array {
    if (typeof source !== 'string') return source
    let bytes = this.#made.get(source)
    if (bytes === undefined) {
      bytes = MAKERS[source](new Chance(source.length))
      this.#made.set(source, bytes)
    }
    return bytes
  }
}

/** Part `index` of `source`, which begins again at its end. */
export function partOf(source: Uint8Array, index: number, bytes: number): Buffer {
  const part = Buffer.allocUnsafe(bytes)
  let from = source.length === 0 ? 0 : (index * bytes) % source.length
  for (let at = 0; at < bytes;) {
    const piece = source.subarray(from, from + bytes - at)
    part.set(piece, at)
    at += piece.length
    from = 0
  }
  return part
}

/** Pseudo-random numbers: a linear congruential generator. */
class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }

  of(items: readonly string[]): string {
    return items[this.below(items.length)] ?? ''
  }
}

const WORDS: readonly string[] =
  'the a rope line of hemp and wire is laid by hands that walk backwards while strands turn on hooks until each holds'.split(
    ' ',
  )

function json(chance: Chance): Buffer {
  const records = Array.from({ length: 2_500 }, (_, id) => ({
    id,
    name: `${chance.of(WORDS)} ${chance.of(WORDS)}`,
    price: chance.below(100_000) / 100,
    tags: [chance.of(WORDS), chance.of(WORDS)],
    active: chance.below(2) === 0,
  }))
  return Buffer.from(JSON.stringify(records, undefined, 1))
}

/** Rows of a grey picture: smooth, with noise in the lowest bits. */
function picture(chance: Chance): Buffer {
  const pixels = Array.from({ length: 512 * 512 }, (_, at) => {
    const [x, y] = [at % 512, Math.floor(at / 512)]
    return (((x * y) >> 10) + (x >> 2) + chance.below(8)) & 0xff
  })
  return Buffer.from(pixels)
}

/** German words in lines, in UTF-8; parts of it may end within a character. */
function prose(chance: Chance): Buffer {
  const words = 'Habe nun ach Grüße möglich über die Brücke weiß Straße und wäre schön dann größer'.split(' ')
  const lines = Array.from({ length: 6_000 }, () =>
    Array.from({ length: 6 }, () => chance.of(words)).join(' '),
  )
  return Buffer.from(lines.join('\n'))
}

function html(chance: Chance): Buffer {
  const rows = Array.from({ length: 3_000 }, (_, id) => {
    return `<tr class="row ${chance.of(WORDS)}"><td>${id}</td><td><a href="/${chance.of(WORDS)}">${chance.of(WORDS)}</a></td></tr>`
  })
  return Buffer.from(`<!doctype html><table>\n${rows.join('\n')}\n</table>`)
}

/** Text with blocks between it that cannot be compressed, as in a file of a word processor. */
function document(chance: Chance): Buffer {
  const pieces = Array.from({ length: 40 }, () => [
    Buffer.from(`${chance.below(1_000)} 0 obj << /Filter /FlateDecode >> stream\n`),
    Buffer.from(Array.from({ length: 8_000 }, () => chance.below(256))),
    Buffer.from('\nendstream endobj\n'),
  ])
  return Buffer.concat(pieces.flat())
}

const MAKERS: Readonly<Record<SourceName, (chance: Chance) => Buffer>> = {
  json,
  picture,
  prose,
  html,
  document,
}
