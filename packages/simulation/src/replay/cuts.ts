import type { RecordedBytes, RecordedEvent, Recording } from '@ropewalk/core'

/** How the bytes of a recording are cut when it is played. */
export type Cuts =
  /** As they came. */
  | 'recorded'
  /** Besides, byte by byte. */
  | 'bytes'
  /** Besides, with one more cut at every place. */
  | 'every'

/** One way of cutting, and what to call it. */
export interface CutRecording {
  readonly name: string
  readonly recording: Recording
}

/** Every way of cutting a recording that is asked for; as it came is first. */
export function* cutRecordings(recording: Recording, cuts: Cuts): Generator<CutRecording> {
  yield { name: 'cut as recorded', recording }
  if (cuts === 'recorded') return
  yield { name: 'cut at every byte', recording: recording.flatMap(byteByByte) }
  if (cuts === 'bytes') return
  for (const [at, event] of recording.entries()) {
    if (!isReceived(event)) continue
    for (let cut = 1; cut < event.bytes.length; cut++)
      yield {
        name: `with a cut ${cut} bytes into line ${at + 1}`,
        recording: [...recording.slice(0, at), ...halves(event, cut), ...recording.slice(at + 1)],
      }
  }
}

/** How many ways of cutting `every` means. */
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
