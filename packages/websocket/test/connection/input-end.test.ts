import { constants, deflateRawSync } from 'node:zlib'
import { ConnectionAborted, ConnectionDone } from '@ropewalk/core'
import { leftovers, StringTransport } from '@ropewalk/core/testing'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocketChannel } from '../../src/connection/websocket-channel.ts'
import { Pending } from '../pending-protocol.ts'
import { closing, frame } from '../websocket-exchange.ts'

/** Keeps the lengths of the messages. */
class Lengths extends Pending {
  override textMessageReceived(text: string): unknown {
    return super.textMessageReceived(String(text.length))
  }
}

/** A server whose client has agreed to compress each message alone. */
function server(): { protocol: Pending; channel: WebSocketChannel; wire: StringTransport } {
  const protocol = new Lengths()
  const deflate = {
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
    serverContextTakeover: false,
    clientContextTakeover: false,
  }
  const opening = { role: 'server', deflate, request: undefined as never } as const
  const channel = new WebSocketChannel({ protocol, opening, options: { deflate: true } })
  const wire = StringTransport.connect(channel)
  onTestFinished(async () => {
    wire.abortConnection()
    await wire.reactor.settle()
    expect(leftovers(wire.reactor)).toEqual([])
  })
  return { protocol, channel, wire }
}

const MESSAGE_BYTES = 500_000
const deflated = deflateRawSync('x'.repeat(MESSAGE_BYTES), { finishFlush: constants.Z_SYNC_FLUSH })
const message = frame(1, deflated.subarray(0, -4), { rsv: 0x40 })

/** Lets large messages be inflated as far as may be. */
async function turns(wire: StringTransport): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    wire.reactor.advance(0)
    await wire.reactor.settle()
  }
}

test('inflates no more than 2 MiB ahead of its callbacks when the client sends a FIN', async () => {
  const { protocol, channel, wire } = server()
  wire.receive(Buffer.concat([...Array<Buffer>(50).fill(message), frame(8, closing(1000))]))
  wire.receiveEnd()
  await turns(wire)
  expect(protocol.calls).toEqual([String(MESSAGE_BYTES)])
  expect(channel.heldBytes).toBeLessThan(2_097_152)
  for (let count = 0; count < 50; count++) {
    expect(channel.heldBytes).toBeLessThan(2_097_152)
    protocol.settle()
    await turns(wire)
  }
  expect(protocol.calls).toEqual([...Array<string>(50).fill(String(MESSAGE_BYTES)), 'lost'])
  expect(protocol.closed).toMatchObject([{ code: 1000, closedBy: 'peer', wasClean: true }])
  expect(protocol.closed[0]?.cause).toBeInstanceOf(ConnectionDone)
})

test('ends after departureGraceMs when its callbacks are still pending then', async () => {
  const { protocol, wire } = server()
  wire.receive(Buffer.concat(Array<Buffer>(50).fill(message)))
  wire.receiveEnd()
  await turns(wire)
  wire.reactor.advance(4_900)
  expect(protocol.closed).toEqual([])
  wire.reactor.advance(200)
  await wire.reactor.settle()
  expect(protocol.closed).toMatchObject([{ code: 1006, closedBy: 'neither' }])
  expect(protocol.closed[0]?.cause).toBeInstanceOf(ConnectionAborted)
  expect(wire.reactor.logged).toEqual([])
})

test('ends when this side closes while messages are left', async () => {
  const { protocol, wire } = server()
  wire.receive(Buffer.concat(Array<Buffer>(50).fill(message)))
  wire.receiveEnd()
  await turns(wire)
  protocol.transport.loseConnection(4000)
  await turns(wire)
  expect(protocol.closed).toMatchObject([{ closedBy: 'us', sentCode: 4000 }])
})
