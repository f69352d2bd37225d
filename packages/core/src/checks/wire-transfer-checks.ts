import { equal, holds } from './check.ts'
import {
  attached,
  connectEarly,
  connectRecorded,
  connectUnread,
  type WireCheck,
  WireRecorder,
} from './wire-harness.ts'

/** Checks of the bytes that a wire delivers. */
export const wireReadChecks: readonly WireCheck[] = [
  {
    name: 'delivers the bytes written, in order, a string as UTF-8',
    async run(harness) {
      const { there, seenHere } = await connectRecorded(harness)
      there.write([Buffer.from('bytes '), 'größer'])
      await harness.until(() => seenHere.bytes === Buffer.byteLength('bytes größer'))
      equal(seenHere.text, 'bytes größer', 'what was received')
    },
  },
  {
    name: 'delivers nothing while it is paused, and continues once resumed, not within the call',
    async run(harness) {
      const { here, there, seenHere, seenThere } = await connectRecorded(harness)
      for (let round = 0; round < 3; round++) {
        here.pause()
        const before = seenThere.timesWritable
        if (!there.write([`held${round} `])) await harness.until(() => seenThere.timesWritable > before)
        await harness.quiet()
        equal(seenHere.bytes, round * 6, 'bytes delivered while paused')
        here.resume()
        equal(seenHere.bytes, round * 6, 'bytes delivered within resume')
        await harness.until(() => seenHere.bytes === (round + 1) * 6)
      }
      equal(seenHere.text, 'held0 held1 held2 ', 'what was received')
    },
  },
  {
    name: 'delivers nothing when it is paused right after attach',
    async run(harness) {
      const { here, seenHere } = await connectUnread(harness)
      await harness.quiet()
      equal(seenHere.events, [], 'events while paused')
      here.resume()
      await harness.until(() => seenHere.text === 'unread')
    },
  },
  {
    name: 'delivers nothing more once it is paused within wireData, and loses nothing',
    async run(harness) {
      const reader: WireRecorder = new WireRecorder(() => pair.here.pause())
      const pair = await connectRecorded(harness, reader)
      const all = Buffer.from(Array.from({ length: 300_000 }, (_value, at) => at % 251))
      pair.there.write([all.subarray(0, 100_000), all.subarray(100_000)])
      for (let pieces = 1; reader.bytes < all.length; pieces++) {
        await harness.until(() => reader.pieces.length >= pieces)
        await harness.quiet()
        equal(reader.pieces.length, pieces, 'pieces before it is resumed')
        pair.here.resume()
      }
      holds(Buffer.concat(reader.pieces).equals(all), 'the bytes received are the bytes written')
    },
  },
  {
    name: 'delivers bytes received before attach, after the call',
    needs: ['late attach'],
    async run(harness) {
      const { here } = await connectEarly(harness)
      const seen = attached(here)
      equal(seen.events, [], 'events within attach')
      await harness.until(() => seen.text === 'early')
    },
  },
  {
    name: 'keeps bytes received before attach when it is paused right after attach',
    needs: ['late attach'],
    async run(harness) {
      const { here } = await connectEarly(harness)
      const seen = attached(here)
      here.wire.pause()
      await harness.quiet()
      equal(seen.events, [], 'events while paused')
      here.wire.resume()
      await harness.until(() => seen.text === 'early')
    },
  },
]

/** Checks of the bytes that are written to a wire. */
export const wireWriteChecks: readonly WireCheck[] = [
  {
    name: 'calls wireWritable after a write that returned false, and after no other',
    async run(harness) {
      const { there, seenHere, seenThere } = await connectRecorded(harness)
      const took = there.write(['a'])
      await harness.until(() => seenHere.text === 'a')
      await harness.quiet()
      equal(seenThere.events, took ? [] : ['writable'], 'events of the writer')
    },
  },
  {
    name: 'returns false for more than the peer reads, and calls wireWritable once, when all bytes were sent',
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
    name: 'sends its FIN after all bytes written, however long it takes',
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
    name: 'accepts writes while it is paused',
    async run(harness) {
      const { here, seenThere } = await connectRecorded(harness)
      here.pause()
      here.write(['answer'])
      await harness.until(() => seenThere.text === 'answer')
    },
  },
  {
    name: 'accepts writes after the FIN of the peer',
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

/** More bytes than operating systems buffer for a peer that does not read. */
const MORE_THAN_FITS = 12_000_000
