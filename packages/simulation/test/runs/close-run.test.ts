import type { WebSocketClosed } from '@ropewalk/websocket'
import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { simulate } from '../../src/vitest.ts'
import { closeRun, TalkingServer } from './close-run.ts'
import type { Talk } from './talk.ts'

simulate(
  'WebSockets end as planned, whichever side ends them, on a network that misbehaves',
  { runs: 30 },
  (sim) => closeRun(sim),
)

simulate(
  'WebSockets end as planned on a network that loses packets',
  { runs: 10, link: { lossPerMille: 20 } },
  (sim) => closeRun(sim),
)

test('detects a server that is notified of its end twice', async () => {
  await expectFound(
    class extends TalkingServer {
      override connectionLost(reason: WebSocketClosed): void {
        super.connectionLost(reason)
        super.connectionLost(reason)
      }
    },
    'notified its server of 2 ends',
  )
})

test('detects a server that is not notified of its end', async () => {
  await expectFound(
    class extends TalkingServer {
      override connectionLost(): void {}
    },
    'has not ended',
  )
})

test('detects a server that receives a close reason that its client did not send', async () => {
  await expectFound(
    class extends TalkingServer {
      override connectionLost(reason: WebSocketClosed): void {
        super.connectionLost({ ...reason, reason: `${reason.reason}!` })
      }
    },
    'reported a close frame that its client did not send: ',
  )
})

test('detects a server that reports another close code than its client received', async () => {
  await expectFound(
    class extends TalkingServer {
      override connectionLost(reason: WebSocketClosed): void {
        super.connectionLost({ ...reason, sentCode: reason.sentCode === 1000 ? 1001 : 1000 })
      }
    },
    /sent another code than it received|sent its client \d+, and reported|was closed by neither side/,
  )
})

test('detects a server that loses the last message', async () => {
  await expectFound(
    class extends TalkingServer {
      override bytesMessageReceived(data: Buffer): Promise<void> {
        const isLast = this.talk.received.length === this.talk.plan.messages.length - 1
        return isLast ? Promise.resolve() : super.bytesMessageReceived(data)
      }
    },
    'lost 1 messages',
  )
})

test('detects a server that changes a message', async () => {
  await expectFound(
    class extends TalkingServer {
      override bytesMessageReceived(data: Buffer): Promise<void> {
        return super.bytesMessageReceived(Buffer.concat([data, Buffer.from('!')]))
      }
    },
    /message \d+ received by the server differs from the one sent/,
  )
})

test('detects a server that receives messages after its end', async () => {
  await expectFound(
    class extends TalkingServer {
      override negotiationFinished(): void {
        super.connectionLost({
          code: 1006,
          reason: '',
          closedBy: 'neither',
          sentCode: undefined,
          sentReason: '',
          violation: undefined,
          wasClean: false,
          cause: new Error(''),
        })
      }
    },
    'delivered a message after its end',
  )
})

async function expectFound(Server: new (talk: Talk) => TalkingServer, why: string | RegExp): Promise<void> {
  await expect(simulateAll((sim) => closeRun(sim, Server), { shrinkMs: 0 })).rejects.toThrow(why)
}
