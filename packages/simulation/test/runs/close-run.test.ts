import type { WebSocketClosed } from '@ropewalk/websocket'
import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { simulate } from '../../src/vitest.ts'
import { closeRun, TalkingServer } from './close-run.ts'
import type { Talk } from './talk.ts'

simulate(
  'WebSockets end as they are meant to, whoever ends them and whatever the network does',
  { runs: 30 },
  (sim) => closeRun(sim),
)

simulate('they do so on a network that loses', { runs: 10, link: { lossPerMille: 20 } }, (sim) =>
  closeRun(sim),
)

test('a server that hears of an end twice is found out', async () => {
  await expectFound(
    class extends TalkingServer {
      override connectionLost(reason: WebSocketClosed): void {
        super.connectionLost(reason)
        super.connectionLost(reason)
      }
    },
    'told its server of 2 ends',
  )
})

test('a server that hears of no end is found out', async () => {
  await expectFound(
    class extends TalkingServer {
      override connectionLost(): void {}
    },
    'has not ended',
  )
})

test('a server that hears of an end that its client did not say is found out', async () => {
  await expectFound(
    class extends TalkingServer {
      override connectionLost(reason: WebSocketClosed): void {
        super.connectionLost({ ...reason, reason: `${reason.reason}!` })
      }
    },
    'told its server of an end that its client did not say: ',
  )
})

test('a server that tells of another close frame than its client saw is found out', async () => {
  await expectFound(
    class extends TalkingServer {
      override connectionLost(reason: WebSocketClosed): void {
        super.connectionLost({ ...reason, sentCode: reason.sentCode === 1000 ? 1001 : 1000 })
      }
    },
    /answered a close frame with another|showed its client \d+, and told its server of|was closed by nobody/,
  )
})

test('a server that loses the last message is found out', async () => {
  await expectFound(
    class extends TalkingServer {
      override bytesMessageReceived(data: Buffer): Promise<void> {
        const isLast = this.talk.heard.length === this.talk.plan.messages.length - 1
        return isLast ? Promise.resolve() : super.bytesMessageReceived(data)
      }
    },
    'lost 1 messages',
  )
})

test('a server that mends a message is found out', async () => {
  await expectFound(
    class extends TalkingServer {
      override bytesMessageReceived(data: Buffer): Promise<void> {
        return super.bytesMessageReceived(Buffer.concat([data, Buffer.from('!')]))
      }
    },
    /heard message \d+ other than it was sent/,
  )
})

test('a server that hears messages behind its end is found out', async () => {
  await expectFound(
    class extends TalkingServer {
      override negotiationFinished(): void {
        super.connectionLost({
          code: 1006,
          reason: '',
          closedBy: 'nobody',
          sentCode: undefined,
          sentReason: '',
          violation: undefined,
          wasClean: false,
          cause: new Error(''),
        })
      }
    },
    'heard a message behind its end',
  )
})

async function expectFound(Server: new (talk: Talk) => TalkingServer, why: string | RegExp): Promise<void> {
  await expect(simulateAll((sim) => closeRun(sim, Server))).rejects.toThrow(why)
}
