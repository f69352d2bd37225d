import { counted } from '@ropewalk/core/reactor'
import type { ProtocolFactory } from '@ropewalk/core'
import { parseRecording, type Recording } from '@ropewalk/core/policies'
import { checkOptions, count, oneOf, type OptionRules } from '@ropewalk/core/options'
import { readText } from '../real/machine.ts'
import { countCuts, cutRecordings, type Cuts } from './cuts.ts'
import { play, type Played } from './player.ts'

/** The options of a replay. */
export interface ReplayOptions {
  /** Into which chunks the recording is cut. Default `every`. */
  readonly cuts?: Cuts | undefined
  /** Most times the recording is played. With `every`, one that needs more is refused. Default 20 000. */
  readonly maxPlays?: number | undefined
}

/** One connection of a recording, replayed. */
export interface ReplayedConnection {
  readonly connection: number
  /** The bytes that the protocol wrote in the recording; empty for a capture. */
  readonly recorded: Buffer
  /** The bytes that the protocol writes now, the same for every way of cutting. */
  readonly written: Buffer
}

/** The result of a replay. */
export interface Replayed {
  readonly connections: readonly ReplayedConnection[]
  /** How many times the recording was played, each time cut in another way. */
  readonly plays: number
}

/**
 * Plays the peers of a recording to protocols of `factory`, at the recorded times, in virtual time, once for
 * every way of cutting the bytes. The recording is one that `recordConnection` wrote, or a capture. The
 * output of the protocols must not depend on the cuts, and they must not log an error.
 *
 * @param source The path of a recording, or a recording.
 * @param factory The factory, or a function that makes one for each play, if factories keep state between
 * connections.
 * @throws {ReplayFailed} (rejects) when the output depends on the cuts, or an error is logged.
 * @throws {RangeError} (rejects) when the recording would have to be played more than `maxPlays` times.
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
    const shown = (bytes: Buffer): string =>
      JSON.stringify(bytes.toString('latin1', place, place + SHOWN_BYTES))
    throw new ReplayFailed(
      cut,
      `connection ${connection} wrote ${shown(written)} instead of ${shown(expected)}, after ${counted(place, 'byte')} of output`,
    )
  }
}

function recordedOn(recording: Recording, connection: number): Buffer {
  const pieces = recording.flatMap((event) =>
    event.what === 'written' && event.connection === connection ? [event.bytes] : [],
  )
  return Buffer.concat(pieces)
}

/** A protocol failed while a recording was played to it. */
export class ReplayFailed extends Error {
  override readonly name = 'ReplayFailed'
  /** How the recording was cut, such as `cut at every byte`. */
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
