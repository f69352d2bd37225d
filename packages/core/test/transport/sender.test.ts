import { describe, expect, test } from 'vitest'
import { ConnectionAborted, NotConnectedError } from '../../src/errors.ts'
import { HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

const options = { highWaterBytes: 4, lowWaterBytes: 2 }

describe('Sender', () => {
  test('writes at once while there is room', () => {
    const transport = StringTransport.connect(new Recorder(), { options })
    void transport.send('ab')
    transport.write('-')
    void transport.send('c')
    expect(transport.value()).toBe('ab-c')
  })

  test('serves those who wait in order, each when the one before has made room', async () => {
    const transport = StringTransport.connect(new Recorder(), { options })
    const served: number[] = []
    transport.block()
    const all = ['1', '2', '3'].map(async (digit) => {
      await transport.send(digit.repeat(5))
      served.push(Number(digit))
    })
    await transport.reactor.settle()
    expect([transport.value(), transport.bufferedBytes, served]).toEqual(['11111', 5, []])
    transport.unblock()
    const late = transport.send('4')
    await transport.reactor.settle()
    await Promise.all([...all, late])
    expect([transport.value(), served]).toEqual(['1111122222333334', [1, 2, 3]])
    void transport.send('5')
    expect(transport.value()).toMatch(/45$/)
  })

  test('rejects all who wait with the reason when the connection ends', async () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol, { options })
    transport.block()
    const waiting = [transport.send('12345'), transport.send('6'), transport.send('7')]
    await transport.reactor.settle()
    transport.receiveReset()
    for (const sent of [...waiting, transport.send('8')]) await expect(sent).rejects.toBe(protocol.reason)
  })

  test('rejects when the connection that is closing is closed, and at once after our own end', async () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol)
    transport.loseConnection()
    const sent = transport.send('1')
    transport.receiveEnd()
    await expect(sent).rejects.toBe(protocol.reason)
    const ended = StringTransport.connect(new HalfCloseRecorder())
    ended.loseWriteConnection()
    await expect(ended.send('1')).rejects.toBeInstanceOf(NotConnectedError)
  })

  test('aborts the connection when far too much waits', async () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol, { options })
    const megabyte = Buffer.alloc(1_048_576)
    transport.block()
    for (let count = 0; count < 17; count++) void transport.send(megabyte)
    expect(transport.aborted).toBe(false)
    const refused = transport.send('x')
    transport.pump()
    await expect(refused).rejects.toBeInstanceOf(ConnectionAborted)
    expect(String(protocol.reason?.cause)).toContain('more than 16777216 bytes wait to be sent')
  })

  test('refuses what is neither bytes nor a string', async () => {
    const transport = StringTransport.connect(new Recorder())
    await expect(transport.send(5 as unknown as string)).rejects.toBeInstanceOf(TypeError)
  })
})
