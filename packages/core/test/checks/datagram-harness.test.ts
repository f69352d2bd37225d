import { describe, expect, test } from 'vitest'
import { DatagramEcho, DatagramRecorder } from '../../src/checks/datagram-harness.ts'
import { MemoryReactor } from '../../src/testing.ts'

describe('DatagramRecorder', () => {
  test('records datagrams, their senders, and how often it was started and stopped', async () => {
    const [reactor, recorder] = [new MemoryReactor(), new DatagramRecorder()]
    const port = await reactor.listenUDP(53, recorder)
    port.write('to myself', { host: '127.0.0.1', port: 53 })
    reactor.pump()
    await port.stopListening()
    expect(recorder.texts).toEqual(['to myself'])
    expect(recorder.senders.map((sender) => sender.port)).toEqual([53])
    expect([recorder.starts, recorder.stops, recorder.refusals]).toEqual([1, 1, 0])
  })
})

describe('DatagramEcho', () => {
  test('sends datagrams back, and records them', async () => {
    const [reactor, echo, client] = [new MemoryReactor(), new DatagramEcho(), new DatagramRecorder()]
    await reactor.listenUDP(7, echo)
    const port = await reactor.listenUDP(0, client)
    port.write('over', { host: '127.0.0.1', port: 7 })
    reactor.pump()
    expect([echo.texts, client.texts]).toEqual([['over'], ['over']])
  })
})
