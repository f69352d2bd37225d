import { counted } from '@ropewalk/core/reactor'
import type { RecordedBytes, RecordedEvent, Recording } from '@ropewalk/core/policies'

/** Into which chunks the bytes of a recording are cut when it is played. */
export type Cuts =
  /** Once, in the chunks of the recording. */
  | 'recorded'
  /** As `recorded`, and once byte by byte. */
  | 'bytes'
  /** As `bytes`, and once for each possible additional cut in a chunk of the recording. */
  | 'every'

/** A recording cut in one way, and the name of that way. */
export interface CutRecording {
  readonly name: string
  readonly recording: Recording
}

/** Yields the recording in every way of cutting that `cuts` asks for, the unchanged recording first. */
export function* cutRecordings(recording: Recording, cuts: Cuts): Generator<CutRecording> {
  yield { name: 'cut as recorded', recording }
  if (cuts === 'recorded') return
  yield { name: 'cut at every byte', recording: recording.flatMap(byteByByte) }
  if (cuts === 'bytes') return
  for (const [at, event] of recording.entries()) {
    if (!isReceived(event)) continue
    for (let cut = 1; cut < event.bytes.length; cut++)
      yield {
        name: `with a cut ${counted(cut, 'byte')} into line ${at + 1}`,
        recording: [...recording.slice(0, at), ...halves(event, cut), ...recording.slice(at + 1)],
      }
  }
}

/** Returns how many ways of cutting `every` has for this recording. */
export function countCuts(recording: Recording): number {
  const received = recording.map((event) =>
    event.what === 'received' ? Math.max(0, event.bytes.length - 1) : 0,
  )
  return received.reduce((sum, count) => sum + count, 2)
}

function isReceived(event: RecordedEvent): event is RecordedBytes {
  return event.what === 'received'
}

function byteByByte(event: RecordedEvent): readonly RecordedEvent[] {
  if (!isReceived(event)) return [event]
  return Array.from(event.bytes, (byte): RecordedBytes => ({ ...event, bytes: Buffer.of(byte) }))
}

function halves(event: RecordedBytes, cut: number): readonly RecordedBytes[] {
  return [
    { ...event, bytes: event.bytes.subarray(0, cut) },
    { ...event, bytes: event.bytes.subarray(cut) },
  ]
}
