import { describe, expect, test } from 'vitest'
import { openExchange, Pending } from '../pending-protocol.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'

describe('transport.traffic', () => {
  test('counts messages, and bytes of all frames, from the first frame on', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    const { transport } = protocol
    expect(transport.traffic).toEqual({
      messagesReceived: 0,
      messagesSent: 0,
      bytesReceived: 0,
      bytesSent: 0,
    })
    const received = [frame(1, 'a'), frame(9, 'ping'), frame(2, 'frag', { fin: false }), frame(0, 'ment')]
    await exchange.send(...received)
    transport.sendTextMessage('grüße')
    transport.sendBytesMessage(Buffer.alloc(70_000))
    transport.ping()
    const before = transport.traffic
    expect(before).toEqual({
      messagesReceived: 2,
      messagesSent: 2,
      bytesReceived: Buffer.concat(received).length,
      bytesSent: serverFrame(10, 'ping').length + serverFrame(1, 'grüße').length + 70_010 + 2,
    })
    expect(await exchange.received()).toHaveLength(before.bytesSent)
    transport.loseConnection(1000)
    expect(transport.sendTextMessage('late')).toBe('dropped')
    expect(transport.traffic).toEqual({ ...before, bytesSent: before.bytesSent + 4 })
    await exchange.send(frame(8, closing(1000)))
    exchange.transport.receiveEnd()
    expect(transport.traffic.bytesReceived).toBe(before.bytesReceived + frame(8, closing(1000)).length)
    protocol.settle()
  })

  test('counts a frame that arrives with the handshake', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'early'))
    expect(protocol.transport.traffic).toMatchObject({ messagesReceived: 1, bytesReceived: 11, bytesSent: 0 })
    protocol.settle()
  })
})
