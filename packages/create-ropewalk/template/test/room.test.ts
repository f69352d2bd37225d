// In memory: no port is opened, and no time passes.
import { chunkings, MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { requestFrom } from '@ropewalk/http/testing'
import { WebSocketProtocol } from '@ropewalk/websocket'
import { openWebSocket } from '@ropewalk/websocket/testing'
import { expect, test } from 'vitest'
import { LineMember, Room, site } from '../src/room.ts'

class Client extends WebSocketProtocol {
  readonly received: string[] = []

  override textMessageReceived(text: string): void {
    this.received.push(text)
  }
}

test('a line reaches the other members, wherever the network cuts it', () => {
  for (const pieces of chunkings(Buffer.from('hello\r\nworld\r\n'))) {
    const room = new Room()
    const ann = StringTransport.connect(new LineMember(room))
    const bob = StringTransport.connect(new LineMember(room))
    for (const piece of pieces) ann.receive(piece)
    expect([ann.value(), bob.value()]).toEqual(['', 'hello\r\nworld\r\n'])
  }
})

test('a text goes from a line to a WebSocket, and back as one line', async () => {
  const room = new Room()
  const ann = StringTransport.connect(new LineMember(room))
  const bob = new Client()
  const { client, settle } = await openWebSocket(site(room), bob, { path: '/room' })
  ann.receive('hello\r\n')
  client.sendTextMessage('good\nevening')
  await settle()
  expect(bob.received).toEqual(['hello'])
  expect(ann.value()).toBe('good evening\r\n')
})

test('the site responds with the counts of the room, and a member that leaves is not counted', async () => {
  const room = new Room()
  const reactor = new MemoryReactor()
  const { client, settle } = await openWebSocket(site(room), new Client(), { path: '/room', reactor })
  client.sendTextMessage('hello')
  await settle()
  expect((await requestFrom(site(room))).json()).toEqual({ members: 1, texts: 1 })
  client.loseConnection()
  await settle()
  expect((await requestFrom(site(room))).json()).toEqual({ members: 0, texts: 1 })
  expect(reactor.logged).toEqual([])
})
