import { ConnectionClosed, type Reactor } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { type ConnectedWebSocket, connectWebSocket, type WebSocketClosed } from '../../src/index.ts'
import { closing, serverFrame } from '../websocket-exchange.ts'
import { opened, ScriptedServer } from './scripted-server.ts'

/** Opens a WebSocket to a server that sends these frames with its 101. */
async function open(
  ...frames: Uint8Array[]
): Promise<{ server: ScriptedServer; socket: ConnectedWebSocket }> {
  const server = await ScriptedServer.listening((request) => [
    Buffer.concat([Buffer.from(opened(request)), ...frames]),
  ])
  const { value } = await server.outcome(connectWebSocket('ws://h/', { reactor: server.reactor }))
  if (value === undefined) throw new Error('Cannot open the WebSocket')
  return { server, socket: value }
}

/** Reads to the end; the error that it ends with comes last. */
async function readAll(socket: ConnectedWebSocket): Promise<unknown[]> {
  const read: unknown[] = []
  try {
    for await (const message of socket) read.push(message)
  } catch (error) {
    read.push(error)
  }
  return read
}

describe('connectWebSocket', () => {
  test('iterates over the messages, first those that came with the 101, until both sides have closed', async () => {
    const { server, socket } = await open(serverFrame(1, 'one'), serverFrame(2, 'two'))
    const reading = readAll(socket)
    expect(await server.outcome(reading)).toEqual({ pending: true })
    server.connections[0]?.transport.write(
      Buffer.concat([serverFrame(1, 'three'), serverFrame(8, closing(1000))]),
    )
    server.connections[0]?.transport.loseConnection()
    expect(await server.outcome(reading)).toEqual({ value: ['one', Buffer.from('two'), 'three'] })
    expect((await socket.closed).code).toBe(1000)
  })

  test('keeps what was received before the end, however late it is taken', async () => {
    const many = Array.from({ length: 16 }, (_, at) => serverFrame(1, `${at}`))
    const { server, socket } = await open(...many, serverFrame(8, closing(1001)))
    server.connections[0]?.transport.loseConnection()
    await server.settle()
    server.reactor.advance(60_000)
    await server.settle()
    const { value } = await server.outcome(readAll(socket))
    expect(value).toEqual(Array.from({ length: 16 }, (_, at) => `${at}`))
    expect(await readAll(socket)).toEqual([])
  })

  test('throws from the loop when the connection ends without a closing handshake', async () => {
    const { server, socket } = await open(serverFrame(1, 'one'))
    server.connections[0]?.transport.loseConnection()
    await server.settle()
    const { value = [] } = await server.outcome(readAll(socket))
    expect(value).toEqual(['one', expect.any(ConnectionClosed)])
    expect(String(value[1])).toContain('without a closing handshake, with code 1006')
    const other = await open()
    other.server.connections[0]?.transport.abortConnection()
    await other.server.settle()
    expect(await readAll(other.socket)).toEqual([expect.any(ConnectionClosed)])
  })

  test('closes when a loop is left, and takes single messages without a loop', async () => {
    const { server, socket } = await open(
      serverFrame(1, 'one'),
      serverFrame(1, 'two'),
      serverFrame(1, 'three'),
    )
    expect(await socket.receive()).toBe('one')
    expect(socket.transport.open).toBe(true)
    for await (const message of socket) {
      expect(message).toBe('two')
      break
    }
    expect(socket.transport.open).toBe(false)
    server.connections[0]?.transport.write(serverFrame(8, closing(1000)))
    server.connections[0]?.transport.loseConnection()
    expect(await server.outcome(socket.closed)).toMatchObject({ value: { closedBy: 'us', wasClean: true } })
    // It was not asked for before the close.
    expect(await socket.receive()).toBeUndefined()
  })

  test.each([
    [1000, []],
    [1001, []],
    [
      1011,
      [expect.objectContaining({ message: 'The WebSocket was closed by the peer with code 1011: why' })],
    ],
    [4000, [expect.any(ConnectionClosed)]],
  ])('ends the loop after a close frame with %i, or throws', async (code, expected) => {
    const { server, socket } = await open(serverFrame(8, closing(code, 'why')))
    server.connections[0]?.transport.loseConnection()
    const { value } = await server.outcome(readAll(socket))
    expect(value).toEqual(expected)
    expect((await socket.closed).code).toBe(code)
  })

  test('slows the server down while no message is taken', async () => {
    const { server, socket } = await open()
    const big = Buffer.concat([Buffer.from([0x82, 126, 0xff, 0xff]), Buffer.alloc(65_535)])
    for (let at = 0; at < 40; at++) server.connections[0]?.transport.write(big)
    await server.settle()
    const waiting = server.connections[0]?.transport.bufferedBytes ?? 0
    expect(waiting).toBeGreaterThan(30 * 65_535)
    const reading = socket[Symbol.asyncIterator]()
    for (let at = 0; at < 40; at++) {
      const { value } = await server.outcome(reading.next())
      expect(value?.value).toHaveLength(65_535)
    }
    expect(server.connections[0]?.transport.bufferedBytes).toBe(0)
  })

  test('sends text and bytes, and waits for space', async () => {
    const { server, socket } = await open()
    expect(await socket.send('x')).toBe('sent')
    expect(await socket.send(Buffer.from('y'))).toBe('sent')
    server.connections[0]?.transport.pauseProducing()
    const sending = socket.send(Buffer.alloc(400_000))
    expect(await server.outcome(sending)).toEqual({ pending: true })
    server.connections[0]?.transport.resumeProducing()
    expect(await server.outcome(sending)).toEqual({ value: 'sent' })
    await expect(socket.send(5 as never)).rejects.toThrow(TypeError)
  })

  test('closes with a code and reason, and resolves when the WebSocket is gone', async () => {
    const { server, socket } = await open(serverFrame(1, 'one'), serverFrame(1, 'two'))
    const done = socket.close(4000, 'done')
    expect(await server.outcome(done)).toEqual({ pending: true })
    expect(await socket.send('late')).toBe('dropped')
    server.connections[0]?.transport.write(serverFrame(8, closing(4000)))
    server.connections[0]?.transport.loseConnection()
    const { value } = (await server.outcome(done)) as { value: WebSocketClosed }
    expect(value).toMatchObject({ code: 4000, sentCode: 4000, sentReason: 'done', wasClean: true })
    // A message that was received before stays; those that were held back are dropped.
    expect(await readAll(socket)).toEqual(['one'])
    const other = await open()
    await expect(other.socket.close(999)).rejects.toThrow(RangeError)
  })

  test('rejects wrong arguments', async () => {
    const { server } = await open()
    const { reactor } = server
    await expect(connectWebSocket('http://h/', { reactor })).rejects.toThrow('give ws: or wss:')
    await expect(connectWebSocket('ws://h/', { reactor, protocols: [] } as never)).rejects.toThrow(
      'did you mean subprotocols',
    )
    await expect(connectWebSocket('ws://h/', null as never)).rejects.toThrow('give an object')
    await expect(connectWebSocket('ws://h/', { reactor: {} as Reactor })).rejects.toThrow('give a reactor')
  })
})
