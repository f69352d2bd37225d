import type { WireCheck } from '../wire-harness.ts'
import { equal, holds } from './assertions.ts'
import { connectRecorded } from './wire-recorder.ts'

/** What a wire promises about the bytes it is handed. */
export const wireWriteChecks: readonly WireCheck[] = [
  {
    name: 'notifies wireWritable after a write that returned false, and after no other',
    async run(harness) {
      const { there, seenHere, seenThere } = await connectRecorded(harness)
      const took = there.write(['a'])
      await harness.until(() => seenHere.text === 'a')
      await harness.quiet()
      equal(seenThere.events, took ? [] : ['writable'], 'events of the writer')
    },
  },
  {
    name: 'returns false for more than the peer takes, and notifies wireWritable once, when all has left',
    needs: ['backpressure'],
    async run(harness) {
      const { here, there, seenHere, seenThere } = await connectRecorded(harness)
      here.pause()
      const all = Buffer.alloc(MORE_THAN_FITS, 'x')
      equal(there.write([all]), false, 'the result of the write')
      equal(seenThere.events, [], 'events within the write')
      await harness.quiet()
      equal(seenThere.events, [], 'events while the peer does not read')
      here.resume()
      await harness.until(() => seenHere.bytes === all.length && seenThere.timesWritable > 0)
      await harness.quiet()
      equal(seenThere.events, ['writable'], 'events of the writer')
      there.write(['more'])
      await harness.until(() => seenHere.bytes === all.length + 4)
    },
  },
  {
    name: 'ends after all that was handed over, however long it takes',
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      here.pause()
      there.write([Buffer.alloc(MORE_THAN_FITS, 'x')])
      there.end()
      await harness.quiet()
      equal(seenHere.events, [], 'events while paused')
      here.resume()
      await harness.until(() => seenHere.ended)
      equal(seenHere.bytes, MORE_THAN_FITS, 'bytes before the end')
      equal(seenHere.events, ['data', 'ended'], 'events')
    },
  },
  {
    name: 'takes what is written while it is paused',
    async run(harness) {
      const { here, seenThere } = await connectRecorded(harness)
      here.pause()
      here.write(['answer'])
      await harness.until(() => seenThere.text === 'answer')
    },
  },
  {
    name: 'takes what is written after the end of the peer',
    async run(harness) {
      const { here, there, seenHere, seenThere } = await connectRecorded(harness)
      there.end()
      await harness.until(() => seenHere.ended)
      here.write(['answer'])
      await harness.until(() => seenThere.text === 'answer')
      holds(!seenHere.closed && !seenThere.closed, 'the connection is up')
    },
  },
]

/** Beyond what systems keep for a peer that does not read. */
const MORE_THAN_FITS = 12_000_000
