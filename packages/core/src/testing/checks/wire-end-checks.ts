import type { WireCheck } from '../wire-harness.ts'
import { equal } from './assertions.ts'
import { attached, connectRecorded } from './wire-recorder.ts'

/** What a wire promises about the end of its peer, and about the close that follows both ends. */
export const wireEndChecks: readonly WireCheck[] = [
  {
    name: 'notifies the end once, after all data, also when it is paused and resumed afterwards',
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      there.write(['last words'])
      there.end()
      await harness.until(() => seenHere.ended)
      here.pause()
      here.resume()
      await harness.quiet()
      equal([seenHere.text, ...seenHere.events], ['last words', 'data', 'ended'], 'what came')
    },
  },
  {
    name: 'notifies the end while it is paused, when nothing is unread before it',
    needs: ['early end'],
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      here.pause()
      there.end()
      await harness.until(() => seenHere.ended)
      here.resume()
      await harness.quiet()
      equal(seenHere.events, ['ended'], 'events')
    },
  },
  {
    name: 'notifies the end while it is paused after bytes that were read',
    needs: ['early end'],
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      there.write(['read'])
      await harness.until(() => seenHere.text === 'read')
      here.pause()
      there.end()
      await harness.until(() => seenHere.ended)
      equal(seenHere.events, ['data', 'ended'], 'events')
    },
  },
  {
    name: 'keeps the end behind unread bytes while it is paused',
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      here.pause()
      there.write(['unread'])
      there.end()
      await harness.quiet()
      equal(seenHere.events, [], 'events while paused')
      here.resume()
      await harness.until(() => seenHere.ended)
      equal([seenHere.text, ...seenHere.events], ['unread', 'data', 'ended'], 'what came')
    },
  },
  {
    name: 'notifies an end that came before it was attached, after the call',
    needs: ['late attach'],
    async run(harness) {
      const { here, there } = await harness.connect()
      attached(there)
      there.wire.end()
      await harness.quiet()
      const seen = attached(here)
      equal(seen.events, [], 'events within attach')
      await harness.until(() => seen.ended)
      await harness.quiet()
      equal(seen.events, ['ended'], 'events')
    },
  },
  {
    name: 'notifies an end that came before it was attached, though it is paused as soon as it is',
    needs: ['late attach', 'early end'],
    async run(harness) {
      const { here, there } = await harness.connect()
      attached(there)
      there.wire.end()
      await harness.quiet()
      const seen = attached(here)
      here.wire.pause()
      await harness.until(() => seen.ended)
      here.wire.resume()
      await harness.quiet()
      equal(seen.events, ['ended'], 'events')
    },
  },
  {
    name: 'brings data and an end that came before it was attached, in order',
    needs: ['late attach'],
    async run(harness) {
      const { here, there } = await harness.connect()
      attached(there)
      there.wire.write(['early'])
      there.wire.end()
      await harness.quiet()
      const seen = attached(here)
      await harness.until(() => seen.ended)
      equal([seen.text, ...seen.events], ['early', 'data', 'ended'], 'what came')
    },
  },
  {
    name: 'closes without an error once both sides have ended, whichever is first',
    async run(harness) {
      const { here, there, seenHere, seenThere } = await connectRecorded(harness)
      here.end()
      await harness.until(() => seenThere.ended)
      await harness.quiet()
      equal([...seenHere.events, ...seenThere.events], ['ended'], 'events after one end')
      there.end()
      await harness.until(() => seenHere.closed && seenThere.closed)
      await harness.quiet()
      equal(seenHere.events, ['ended', 'closed'], 'events of the one that ended first')
      equal(seenThere.events, ['ended', 'closed'], 'events of the other')
    },
  },
  {
    name: 'brings what was unread, then the end, then the close, when both sides end while it is paused',
    async run(harness) {
      const { here, there, seenHere, seenThere } = await connectRecorded(harness)
      here.pause()
      there.write(['unread'])
      there.end()
      here.end()
      await harness.until(() => seenThere.ended)
      await harness.quiet()
      equal(seenHere.events, [], 'events while paused')
      here.resume()
      await harness.until(() => seenHere.closed)
      equal([seenHere.text, ...seenHere.events], ['unread', 'data', 'ended', 'closed'], 'what came')
    },
  },
]
