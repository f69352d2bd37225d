import { describe, expect, test } from 'vitest'
import { ConnectionAborted, NotConnectedError } from '../../src/errors.ts'
import { StreamWriter } from '../../src/stream/stream-writer.ts'
import { HalfCloseRecorder } from '../../src/testing/checks/recorder.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

const options = { highWaterBytes: 4, lowWaterBytes: 2 }

function writing(): { transport: StringTransport; writer: StreamWriter; protocol: HalfCloseRecorder } {
  const protocol = new HalfCloseRecorder()
  const transport = StringTransport.connect(protocol, { options })
  return { transport, protocol, writer: new StreamWriter(transport) }
}

describe('StreamWriter', () => {
  test('queues at once, and resolves when there is room', async () => {
    const { transport, writer } = writing()
    const log: string[] = []
    transport.block()
    await writer.write('1234')
    transport.pump()
    const waiting = writer.write('5678').then(() => log.push('room'))
    await transport.reactor.settle()
    expect([transport.bufferedBytes, log]).toEqual([8, []])
    transport.unblock()
    await waiting
    await writer.drained()
    expect(transport.value()).toBe('12345678')
  })

  test('rejects with the reason when the peer goes before there is room, and ever after', async () => {
    const { transport, writer, protocol } = writing()
    transport.block()
    const [waiting, drained] = [writer.write('12345'), writer.drained()]
    transport.pump()
    transport.receiveReset()
    for (const late of [waiting, drained, writer.write('6')])
      expect(await late.catch((error: unknown) => error)).toBe(protocol.reason)
  })

  test('rejects with the abort and its cause when the connection ends at its cap', async () => {
    const transport = StringTransport.connect(new HalfCloseRecorder(), {
      options: { ...options, maxBufferedBytes: 8 },
    })
    const writer = new StreamWriter(transport)
    transport.block()
    const [first, last] = [writer.write('123456789'), writer.write('0')]
    transport.pump()
    for (const write of [first, last]) {
      const error = await write.catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(ConnectionAborted)
      expect(String((error as Error).cause)).toContain('more than 8 bytes wait for the peer')
    }
  })

  test('needs nobody to listen for the end of the connection', async () => {
    const { transport, writer } = writing()
    const unheard: unknown[] = []
    const listener = (reason: unknown): unknown => unheard.push(reason)
    process.on('unhandledRejection', listener)
    transport.block()
    void writer.write('12345')
    transport.receiveReset()
    void writer.write('6')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listener)
    expect(unheard).toEqual([])
  })

  test('says its end behind what was written; then nothing can follow', async () => {
    const { transport, writer } = writing()
    void writer.write('bye')
    writer.end()
    expect([transport.value(), transport.ended, transport.connected]).toEqual(['bye', true, true])
    await expect(writer.write('more')).rejects.toBeInstanceOf(NotConnectedError)
  })

  test('refuses what is neither bytes nor a string', async () => {
    await expect(writing().writer.write(5 as unknown as string)).rejects.toBeInstanceOf(TypeError)
  })
})
