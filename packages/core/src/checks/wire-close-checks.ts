import type { Wire } from '../interfaces/wire.ts'
import { equal } from './check.ts'
import {
  attached,
  connectEarly,
  connectRecorded,
  connectUnread,
  type WireCheck,
  type WireHarness,
  WireRecorder,
} from './wire-harness.ts'

/** Checks of the peer's FIN, and of the close that follows both FINs. */
export const wireEndChecks: readonly WireCheck[] = [
  {
    name: 'notifies the end once, after all data, also when it is paused and resumed afterwards',
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      there.write(['last bytes'])
      there.end()
      await harness.until(() => seenHere.ended)
      here.pause()
      here.resume()
      await harness.quiet()
      equal([seenHere.text, ...seenHere.events], ['last bytes', 'data', 'ended'], 'what was received')
    },
  },
  {
    name: 'notifies the end while it is paused, when no unread bytes are before it',
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
    name: 'delays the end while it is paused with unread bytes',
    async run(harness) {
      const { here, there, seenHere } = await connectUnread(harness)
      there.end()
      await harness.quiet()
      equal(seenHere.events, [], 'events while paused')
      here.resume()
      await harness.until(() => seenHere.ended)
      equal([seenHere.text, ...seenHere.events], ['unread', 'data', 'ended'], 'what was received')
    },
  },
  {
    name: 'notifies an end received before attach, after the call',
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
    name: 'notifies an end received before attach, although it is paused right after attach',
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
    name: 'delivers data and an end received before attach, in order',
    needs: ['late attach'],
    async run(harness) {
      const { here, there } = await harness.connect()
      attached(there)
      there.wire.write(['early'])
      there.wire.end()
      await harness.quiet()
      const seen = attached(here)
      await harness.until(() => seen.ended)
      equal([seen.text, ...seen.events], ['early', 'data', 'ended'], 'what was received')
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
    name: 'delivers the unread bytes, then the end, then the close, when both sides end while it is paused',
    async run(harness) {
      const { here, there, seenHere, seenThere } = await connectUnread(harness)
      there.end()
      here.end()
      await harness.until(() => seenThere.ended)
      await harness.quiet()
      equal(seenHere.events, [], 'events while paused')
      here.resume()
      await harness.until(() => seenHere.closed)
      equal([seenHere.text, ...seenHere.events], ['unread', 'data', 'ended', 'closed'], 'what was received')
    },
  },
]

/** Checks of connections that either side aborts. */
export const wireCloseChecks: readonly WireCheck[] = [
  {
    name: 'notifies a reset while it is paused, and drops the unread bytes',
    needs: ['reset'],
    async run(harness) {
      const { here, there, seenHere } = await connectUnread(harness)
      await harness.quiet()
      there.abort()
      await harness.until(() => seenHere.closed)
      here.resume()
      await harness.quiet()
      equal(seenHere.events, ['broken'], 'events')
    },
  },
  {
    name: 'notices a reset after more unread bytes than it reads ahead',
    needs: ['reset'],
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      here.pause()
      there.write([Buffer.alloc(1_000_000, 'x')])
      await harness.quiet()
      there.abort()
      await noticed(harness, () => seenHere.closed)
      here.resume()
      await harness.quiet()
      equal(seenHere.events, ['broken'], 'events')
    },
  },
  {
    name: 'notices a reset after the FIN of the peer',
    needs: ['reset'],
    async run(harness) {
      const { there, seenHere } = await connectRecorded(harness)
      there.end()
      await harness.until(() => seenHere.ended)
      there.abort()
      await noticed(harness, () => seenHere.closed)
      equal(seenHere.events, ['ended', 'broken'], 'events')
    },
  },
  {
    name: 'notices a reset after unread bytes and the FIN of the peer',
    needs: ['reset'],
    async run(harness) {
      const { there, seenHere } = await connectUnread(harness)
      there.end()
      await harness.quiet()
      there.abort()
      await noticed(harness, () => seenHere.closed)
      equal(seenHere.events, ['broken'], 'events')
    },
  },
  {
    name: 'notices a reset after its own FIN, while it is paused',
    needs: ['reset'],
    async run(harness) {
      const { here, there, seenHere, seenThere } = await connectRecorded(harness)
      here.pause()
      here.end()
      there.write([Buffer.alloc(1_000_000, 'x')])
      await harness.until(() => seenThere.ended)
      there.abort()
      await noticed(harness, () => seenHere.closed)
      equal(seenHere.events, ['broken'], 'events')
    },
  },
  {
    name: 'notifies a reset received before attach, after the call',
    needs: ['late attach', 'reset'],
    async run(harness) {
      const { here, there } = await connectEarly(harness)
      there.wire.abort()
      await harness.quiet()
      const seen = attached(here)
      equal(seen.events, [], 'events within attach')
      await closesWith(harness, seen, ['broken'])
    },
  },
  {
    name: 'closes at an abort, once and last, not within the call, and accepts every call afterwards',
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      there.write(['read'])
      await harness.until(() => seenHere.text === 'read')
      here.abort()
      equal(seenHere.events, ['data'], 'events within the call')
      callEverything(here)
      there.write(['too late'])
      await harness.until(() => seenHere.closed)
      callEverything(here)
      await harness.quiet()
      equal(seenHere.events, ['data', 'closed'], 'events')
    },
  },
  {
    name: 'delivers only the close after an abort within wireData',
    async run(harness) {
      const reader: WireRecorder = new WireRecorder(() => pair.here.abort())
      const pair = await connectRecorded(harness, reader)
      pair.there.write([Buffer.alloc(200_000), Buffer.alloc(200_000)])
      pair.there.end()
      await harness.until(() => reader.closed)
      await harness.quiet()
      equal([reader.pieces.length, ...reader.events], [1, 'data', 'closed'], 'what was received')
    },
  },
  {
    name: 'closes at an abort while it is paused before unread bytes and a FIN',
    async run(harness) {
      const { here, there, seenHere } = await connectUnread(harness)
      there.end()
      await harness.quiet()
      here.abort()
      await closesWith(harness, seenHere, ['closed'])
    },
  },
  {
    name: 'closes at an abort when both sides have ended, but bytes are unread',
    async run(harness) {
      const { here, there, seenHere, seenThere } = await connectUnread(harness)
      there.end()
      here.end()
      await harness.until(() => seenThere.ended)
      await harness.quiet()
      here.abort()
      equal(seenHere.events, [], 'events within the call')
      await closesWith(harness, seenHere, ['closed'])
    },
  },
  {
    name: 'closes at an abort although its own FIN waits for bytes that the peer does not read',
    needs: ['backpressure'],
    async run(harness) {
      const { here, there, seenHere } = await connectRecorded(harness)
      there.pause()
      here.write([Buffer.alloc(12_000_000, 'x')])
      here.end()
      await harness.quiet()
      here.abort()
      await closesWith(harness, seenHere, ['closed'])
    },
  },
  {
    name: 'closes after its own FIN, once and last, after the peer has received all bytes',
    async run(harness) {
      const { here, seenHere, seenThere } = await connectRecorded(harness)
      here.write(['last bytes'])
      here.end()
      await harness.until(() => seenThere.ended)
      here.close()
      equal(seenHere.closed, false, 'closed within the call')
      await harness.until(() => seenHere.closed)
      callEverything(here)
      await harness.quiet()
      equal(seenHere.events.at(-1), 'closed', 'the last event')
      equal(seenHere.events.filter((event) => event === 'closed').length, 1, 'times closed')
      equal(seenThere.text, 'last bytes', 'what the peer received')
    },
  },
]

/** Waits until the wire has closed and nothing follows, and compares the events. */
async function closesWith(
  harness: WireHarness,
  seen: WireRecorder,
  events: readonly string[],
): Promise<void> {
  await harness.until(() => seen.closed)
  await harness.quiet()
  equal(seen.events, events, 'events')
}

/** Waits until the wire has noticed what its peer did, which it checks at intervals. */
function noticed(harness: WireHarness, condition: () => boolean): Promise<void> {
  return harness.until(() => {
    harness.advance(1000)
    return condition()
  })
}

/** Makes every call that a wire must ignore once it has closed. */
function callEverything(wire: Wire): void {
  wire.write(['late'])
  wire.end()
  wire.pause()
  wire.resume()
  wire.setNoDelay(true)
  wire.setKeepAlive(true, 1000)
  wire.close()
  wire.abort()
}
