import { StringTransport } from '@ropewalk/core/testing'
import { expect, test } from 'vitest'
import { Talk, type TalkPlan } from './talk.ts'
import { TalkingClient } from './talking-client.ts'

const PLAN: TalkPlan = {
  messages: [{ data: Buffer.from('seven'), isText: false, frames: 1 }],
  ending: 'client',
  clientClose: { code: 1000, reason: '' },
  serverClose: { code: 1000, reason: '' },
  waits: true,
}
const PONG_0 = Buffer.from([0x8a, 1, 0x30])
const GOODBYE = Buffer.from([0x88, 2, 3, 232])

test.each([
  ['a second pong to a ping', [PONG_0, PONG_0], 'a pong to no open ping: 0'],
  ['a pong to no ping', [Buffer.from([0x8a, 1, 0x37])], 'a pong to no open ping: 7'],
  ['a frame after a close frame', [GOODBYE, Buffer.from([0x82, 0])], 'opcode 2 after a close frame'],
  ['a second close frame', [GOODBYE, GOODBYE], 'opcode 8 after a close frame'],
  ['a fragment', [Buffer.from([0x01, 0])], 'a fragment with opcode 1'],
  ['a text for a binary message', [Buffer.from([0x81, 0])], 'message 0 with another type'],
])('detects %s', (_what, frames, complaint) => {
  const complaints: string[] = []
  const talk = new Talk(PLAN, (why) => complaints.push(why))
  const transport = StringTransport.connect(new TalkingClient('/', talk))
  transport.receive(Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
  transport.reactor.advance(1)
  for (const frame of frames) transport.receive(frame)
  expect(complaints[0]).toBe(`a WebSocket that was to end by "client" sent its client ${complaint}`)
})
