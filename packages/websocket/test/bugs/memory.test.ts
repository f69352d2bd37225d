import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { type Request, Site } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import { WebSocketChannel } from '../../src/index.ts'
import { closing, frame, handshake } from '../websocket-exchange.ts'
import { Recorder, resourceOf } from './parties.ts'

/** Collects all garbage, and lets finished promises go first. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
}

describe('bugs of other libraries: memory of idle connections', () => {
  test.each([
    ['ws 8.22: the masking key of a small frame keeps its slab of 64 KiB alive', frame(9, 'x')],
    ['ws 8.22: a text message keeps its slab alive', frame(1, 'text')],
    ['ws 8.22: the reason of a close frame keeps its slab alive', frame(8, closing(1000, 'reason'))],
    ['ws 153: a small fragment keeps its slab alive until the message ends', frame(2, 'abc', { fin: false })],
    ['ws 153: the first bytes of a frame keep their slab alive', frame(2, Buffer.alloc(200)).subarray(0, 20)],
  ])('%s', async (_, bytes) => {
    const reactor = new MemoryReactor()
    const opening = { role: 'server', request: {} as Request } as const
    const channel = new WebSocketChannel({ protocol: new Recorder(), opening })
    const transport = new StringTransport({ reactor })
    transport.begin(channel)
    const slab = received(bytes, channel)
    await reactor.settle()
    await collect()
    expect(slab.deref()).toBeUndefined()
    // The connection itself is still needed.
    transport.abortConnection()
    await reactor.settle()
  })

  test('CVE-2021-42340 of Tomcat: the objects of a connection that is gone are kept', async () => {
    const reactor = new MemoryReactor()
    const kept: WeakRef<Recorder>[] = []
    for (let at = 0; at < 50; at++) kept.push(await visited(reactor))
    await collect()
    expect(kept.filter((one) => one.deref() !== undefined).length).toBe(0)
  })
})

/** Opens a WebSocket, closes it, and returns its protocol. */
async function visited(reactor: MemoryReactor): Promise<WeakRef<Recorder>> {
  const protocol = new Recorder()
  const transport = new StringTransport({ reactor })
  const channel = new Site(resourceOf(protocol)).buildProtocol(transport.getPeer())
  if (channel === undefined) throw new Error('The site refused the connection')
  transport.begin(channel)
  for (const piece of [handshake(), frame(1, 'hi'), frame(8, closing(1000))]) {
    transport.receive(piece)
    await reactor.settle()
  }
  transport.receiveEnd()
  if (protocol.closed.length !== 1) throw new Error('The WebSocket did not close')
  return new WeakRef(protocol)
}

/** Passes bytes on as a view of a slab of 64 KiB, as a socket does. */
function received(bytes: Uint8Array, channel: WebSocketChannel): WeakRef<ArrayBuffer> {
  const slab = new ArrayBuffer(65_536)
  const piece = Buffer.from(slab, 1_000, bytes.length)
  piece.set(bytes)
  channel.dataReceived(piece)
  return new WeakRef(slab)
}
