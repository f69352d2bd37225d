import { describe, expect, test } from 'vitest'
import { NotConnectedError } from '../../src/errors.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { send } from '../../src/transport/send.ts'

const options = { highWaterBytes: 4, lowWaterBytes: 2 }

describe('send', () => {
  test('writes at once while there is room', () => {
    const transport = StringTransport.connect(new Recorder(), { options })
    void send(transport, 'ab')
    transport.write('-')
    void send(transport, 'c')
    expect(transport.value()).toBe('ab-c')
  })

  test('serves those who wait in order, each when the one before has made room', async () => {
    const transport = StringTransport.connect(new Recorder(), { options })
    const served: number[] = []
    transport.block()
    const all = ['1', '2', '3'].map(async (digit) => {
      await send(transport, digit.repeat(5))
      served.push(Number(digit))
    })
    await transport.reactor.settle()
    expect([transport.value(), transport.bufferedBytes, served]).toEqual(['11111', 5, []])
    transport.unblock()
    const late = send(transport, '4')
    await transport.reactor.settle()
    await Promise.all([...all, late])
    expect([transport.value(), served]).toEqual(['1111122222333334', [1, 2, 3]])
    void send(transport, '5')
    expect(transport.value()).toMatch(/45$/)
  })

  test('rejects all who wait once the connection is closing, with the reason when it is gone', async () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol, { options })
    transport.block()
    const waiting = [send(transport, '12345'), send(transport, '6'), send(transport, '7')]
    await transport.reactor.settle()
    transport.receiveReset()
    for (const sent of [...waiting, send(transport, '8')]) {
      const error = await sent.catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(NotConnectedError)
      expect((error as Error).cause).toBe(protocol.reason)
    }
    const closing = StringTransport.connect(new Recorder())
    closing.loseConnection()
    await expect(send(closing, '1')).rejects.toBeInstanceOf(NotConnectedError)
  })

  test('aborts the connection when far too much waits', async () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol, { options })
    const megabyte = Buffer.alloc(1_048_576)
    transport.block()
    for (let count = 0; count < 17; count++) void send(transport, megabyte)
    expect(transport.aborted).toBe(false)
    await expect(send(transport, 'x')).rejects.toBeInstanceOf(NotConnectedError)
    transport.pump()
    expect(String(protocol.reason?.cause)).toContain('more than 16777216 bytes wait to be sent')
  })

  test('refuses what is neither bytes nor a string', async () => {
    await expect(
      send(StringTransport.connect(new Recorder()), 5 as unknown as string),
    ).rejects.toBeInstanceOf(TypeError)
  })
})
