import { parseRecording, type ProtocolFactory, type Recording } from '@ropewalk/core'
import { checkOptions, count, oneOf, type OptionRules } from '@ropewalk/core/options'
import { readText } from '../real/environment.ts'
import { countCuts, cutRecordings, type Cuts } from './cuts.ts'
import { play, type Played } from './player.ts'

/** How a recording is replayed. */
export interface ReplayOptions {
  /** Into which pieces it is cut. Default `every`. */
  readonly cuts?: Cuts | undefined
  /** Most times it is played; a recording that would need more is refused. Default 20 000. */
  readonly maxPlays?: number | undefined
}

/** One connection of a recording, replayed. */
export interface ReplayedConnection {
  readonly connection: number
  /** What was answered when it was recorded; empty for a capture. */
  readonly recorded: Buffer
  /** What is answered now, however it is cut. */
  readonly written: Buffer
}

/** What came of a replay. */
export interface Replayed {
  readonly connections: readonly ReplayedConnection[]
  /** How often the recording was played, each time cut elsewhere. */
  readonly plays: number
}

/**
 * Plays the peers of a recording again, from the lines that `recordConnection` wrote or from a capture, to protocols
 * of `factory`: at the times it tells, in virtual time, and cut at every place. What the protocols answer must not
 * depend on the cuts, and nothing may be logged as an error.
 *
 * @param source The path of a recording, or one that was read.
 * @param factory Or what makes one: for each play anew, where factories keep something from one to the next.
 * @throws {ReplayFailed} (rejects) when what is answered depends on where the bytes are cut, or something fails.
 * @throws {RangeError} (rejects) when it is too long to be cut everywhere.
 */
export async function replay(
  source: string | Recording,
  factory: ProtocolFactory | (() => ProtocolFactory),
  options: ReplayOptions = {},
): Promise<Replayed> {
  checkOptions('replay', options, RULES)
  const { cuts = 'every', maxPlays = DEFAULT_MAX_PLAYS } = options
  const recording = typeof source === 'string' ? parseRecording(await readText(source)) : source
  if (cuts === 'every' && countCuts(recording) > maxPlays)
    throw new RangeError(
      `Cannot cut this recording in ${countCuts(recording)} places: raise maxPlays, or pass cuts: 'bytes'`,
    )
  const make = typeof factory === 'function' ? factory : (): ProtocolFactory => factory
  let [first, plays]: [Played | undefined, number] = [undefined, 0]
  for (const cut of cutRecordings(recording, cuts)) {
    const played = await play(cut.recording, make())
    if (played.error !== undefined)
      throw new ReplayFailed(cut.name, played.error.text, { cause: played.error.error })
    first ??= played
    compare(first, played, cut.name)
    plays++
  }
  return {
    plays,
    connections: Array.from(first?.written ?? [], ([connection, written]) => ({
      connection,
      recorded: recordedOn(recording, connection),
      written,
    })),
  }
}

function compare(first: Played, played: Played, cut: string): void {
  for (const [connection, expected] of first.written) {
    const written = played.written.get(connection) ?? NOTHING
    if (written.equals(expected)) continue
    const at = expected.findIndex((byte, index) => byte !== written[index])
    const place = at < 0 ? expected.length : at
    const said = (bytes: Buffer): string =>
      JSON.stringify(bytes.toString('latin1', place, place + SHOWN_BYTES))
    throw new ReplayFailed(
      cut,
      `connection ${connection} answers ${said(written)} instead of ${said(expected)}, ${place} bytes into its answer`,
    )
  }
}

function recordedOn(recording: Recording, connection: number): Buffer {
  const pieces = recording.flatMap((event) =>
    event.what === 'written' && event.connection === connection ? [event.bytes] : [],
  )
  return Buffer.concat(pieces)
}

/** A protocol has failed while a recording was played to it. */
export class ReplayFailed extends Error {
  override readonly name = 'ReplayFailed'
  /** Such as `cut at every byte`. */
  readonly cut: string

  constructor(cut: string, why: string, options?: ErrorOptions) {
    super(`The recording, ${cut}: ${why}`, options)
    this.cut = cut
  }
}

const RULES: OptionRules<ReplayOptions> = {
  cuts: oneOf('recorded', 'bytes', 'every'),
  maxPlays: count({ least: 1, endless: true }),
}
const DEFAULT_MAX_PLAYS = 20_000
const SHOWN_BYTES = 40
const NOTHING = Buffer.alloc(0)
