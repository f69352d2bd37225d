import { describe, expect, test } from 'vitest'
import { Echo, HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import { StringTransport } from '../../src/testing.ts'

describe('Recorder', () => {
  test('records its callbacks, in order', () => {
    const recorder = new Recorder()
    expect([recorder.made, recorder.lost, recorder.reason]).toEqual([false, false, undefined])
    const transport = StringTransport.connect(recorder)
    transport.receive('one')
    transport.receive('two')
    transport.receiveEnd()
    expect(recorder.events).toEqual(['made', 'data one', 'data two', 'lost ConnectionDone'])
    expect([recorder.text, recorder.bytes, recorder.lost]).toEqual(['onetwo', 6, true])
    expect(recorder.reason?.name).toBe('ConnectionDone')
  })

  test('records that it was replaced', () => {
    const recorder = new Recorder()
    StringTransport.connect(recorder).switchProtocol(new Recorder())
    expect(recorder.events).toEqual(['made', 'replaced'])
  })
})

describe('HalfCloseRecorder', () => {
  test('records each direction that ends', () => {
    const recorder = new HalfCloseRecorder()
    const transport = StringTransport.connect(recorder)
    transport.receiveEnd()
    transport.loseWriteConnection()
    transport.pump()
    expect(recorder.events).toEqual(['made', 'read lost', 'write lost', 'lost ConnectionDone'])
  })
})

describe('Echo', () => {
  test('sends received bytes back', () => {
    const transport = StringTransport.connect(new Echo())
    transport.receive('hello')
    expect(transport.value()).toBe('hello')
  })
})
