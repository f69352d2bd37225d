import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { simulate } from '../../src/vitest.ts'
import { Room, type Rooms, roomsRun } from './rooms-run.ts'

simulate(
  'rooms deliver each message once, in order and to their own guests, with compression and without',
  { runs: 20, link: { lossPerMille: 20 } },
  (sim) => roomsRun(sim),
)

/** Wrong: numbers a message that it does not publish. */
class Forgetful extends Room {
  override textMessageReceived(text: string): void {
    if (text.startsWith('guest0 3 ')) this.rooms.number(this.name)
    super.textMessageReceived(text)
  }
}

/** Wrong: publishes a message in another room, too. */
class Talkative extends Room {
  override textMessageReceived(text: string): void {
    if (text.startsWith('guest0 3 ')) this.rooms.topics.publish('room1', `${this.name} 1 ${text}`)
    super.textMessageReceived(text)
  }
}

test.each([
  ['a gap', (rooms: Rooms) => new Forgetful(rooms), /guest\d received message \d+ after \d+/],
  [
    'a message of another room',
    (rooms: Rooms) => new Talkative(rooms),
    /guest[13] received a message of room0/,
  ],
] as const)('the run of rooms detects %s', async (_, makeRoom, why) => {
  await expect(simulateAll((sim) => roomsRun(sim, makeRoom), { shrinkMs: 0 })).rejects.toThrow(why)
})
