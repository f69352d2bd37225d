import { describe, expect, test } from 'vitest'
import { attached, connectRecorded, WireRecorder } from '../../src/checks/wire-harness.ts'
import { memoryWireHarness } from '../memory-wire-harness.ts'

describe('WireRecorder', () => {
  test('records adjacent data as one event, and each piece', () => {
    let calls = 0
    const recorder = new WireRecorder(() => calls++)
    for (const piece of ['a', 'é']) recorder.wireData(Buffer.from(piece))
    recorder.wireWritable()
    recorder.wireData(Buffer.from('b'))
    recorder.wireEnded()
    expect(recorder.events).toEqual(['data', 'writable', 'data', 'ended'])
    expect([recorder.text, recorder.bytes, recorder.pieces.length, calls]).toEqual(['aéb', 4, 3, 3])
    expect([recorder.ended, recorder.closed, recorder.timesWritable]).toEqual([true, false, 1])
  })

  test('distinguishes a close from a reset', () => {
    const [closed, broken] = [new WireRecorder(), new WireRecorder()]
    closed.wireClosed(undefined)
    broken.wireClosed(new Error('reset'))
    expect([closed.events, broken.events]).toEqual([['closed'], ['broken']])
    expect([closed.closed, broken.closed]).toEqual([true, true])
  })
})

describe('connectRecorded', () => {
  test('attaches a recorder to both ends, one of them the given recorder', async () => {
    const harness = memoryWireHarness()
    const given = new WireRecorder()
    const pair = await connectRecorded(harness, given)
    pair.here.write(['to there'])
    pair.there.write(['to here'])
    await harness.quiet()
    expect([pair.seenHere === given, given.text, pair.seenThere.text]).toEqual([true, 'to here', 'to there'])
  })
})

describe('attached', () => {
  test('returns a recorder that receives the events', async () => {
    const harness = memoryWireHarness()
    const { here, there } = await harness.connect()
    const seen = attached(here)
    there.wire.end()
    await harness.until(() => seen.ended)
    expect(seen.events).toEqual(['ended'])
  })
})
