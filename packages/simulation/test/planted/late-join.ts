import { Factory, LineReceiver, sleep } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import type { HostReactor, Simulation } from '../../src/index.ts'
import { IdleTimeout } from '@ropewalk/core/policies'
import { DurableLog } from './durable-log.ts'
import type { Plant } from './plant.ts'

/** A chat that sends the messages that a guest has missed, and then each new one. */
export const lateJoin: Plant = {
  bug: 'chat that joins behind its backlog query',
  finding: /received message \d+ after \d+/,
  planted: (sim) => chatRun(sim, joinAfterQuery),
  mended: (sim) => chatRun(sim, joinBeforeQuery),
}

type Join = (chat: Chat, member: Member, seen: number) => Promise<void>

/** The bug: a message that is published during the query is neither in its result nor sent as a new one. */
async function joinAfterQuery(chat: Chat, member: Member, seen: number): Promise<void> {
  const backlog = await chat.query()
  for (const [at, text] of backlog.entries()) if (at >= seen) member.sendMessage(at + 1, text)
  chat.members.add(member)
}

/** Keeps the messages that are published during the query, and sends those that its result has not. */
async function joinBeforeQuery(chat: Chat, member: Member, seen: number): Promise<void> {
  const published: (readonly [number, string])[] = []
  member.holdBack = (number, text) => published.push([number, text])
  chat.members.add(member)
  const backlog = await chat.query()
  member.holdBack = undefined
  for (const [at, text] of backlog.entries()) if (at >= seen) member.sendMessage(at + 1, text)
  for (const [number, text] of published)
    if (number > backlog.length && number > seen) member.sendMessage(number, text)
}

class Chat {
  readonly members = new Set<Member>()
  readonly #log: DurableLog
  readonly #reactor: HostReactor

  constructor(log: DurableLog, reactor: HostReactor) {
    this.#log = log
    this.#reactor = reactor
  }

  /** Resolves with the messages that there were when it was called, as a query of a database does. */
  async query(): Promise<readonly string[]> {
    const messages = [...this.#log.lines]
    await sleep(QUERY_MS, { reactor: this.#reactor })
    return messages
  }

  async publish(text: string): Promise<void> {
    await this.#log.append(text)
    const number = this.#log.lines.length
    for (const member of this.members) member.publish(number, text)
  }
}

/** A connection of the server: `say` and a text, or `join` and the number of the last message that it has seen. */
class Member extends LineReceiver {
  /** Takes published messages, in the place of sending them. */
  holdBack: ((number: number, text: string) => void) | undefined
  readonly #chat: Chat
  readonly #join: Join

  constructor(chat: Chat, join: Join) {
    super()
    this.#chat = chat
    this.#join = join
  }

  override lineReceived(line: Buffer): Promise<void> {
    const [command, rest = ''] = line.toString().split(' ', 2)
    return command === 'join' ? this.#join(this.#chat, this, Number(rest)) : this.#chat.publish(rest)
  }

  publish(number: number, text: string): void {
    if (this.holdBack === undefined) this.sendMessage(number, text)
    else this.holdBack(number, text)
  }

  sendMessage(number: number, text: string): void {
    this.sendLine(`${number} ${text}`)
  }

  override connectionLost(): void {
    this.#chat.members.delete(this)
  }
}

class Guest extends LineReceiver {
  readonly lost: Promise<void>
  readonly #seen: { number: number }
  #end: () => void = () => undefined

  constructor(seen: { number: number }) {
    super()
    this.#seen = seen
    this.lost = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  override connectionLost(): void {
    this.#end()
  }

  override connectionMade(): void {
    this.sendLine(`join ${this.#seen.number}`)
  }

  override lineReceived(line: Buffer): void {
    const number = Number(line.toString().split(' ')[0])
    if (number !== this.#seen.number + 1)
      throw new Error(`a guest received message ${number} after ${this.#seen.number}`)
    this.#seen.number = number
  }
}

async function chatRun(sim: Simulation, join: Join): Promise<void> {
  sim.host('server', async (reactor) => {
    const chat = new Chat(await DurableLog.open(reactor.disk, '/messages'), reactor)
    const factory = new (class extends Factory {
      override buildProtocol(): Member {
        return new Member(chat, join)
      }
    })()
    await reactor.listenTCP(7, factory)
  })
  sim.host('ann', (reactor) =>
    connectedAlways(
      reactor,
      () => new Guest({ number: 0 }),
      async (guest) => {
        for (let count = 1; guest.connected; count++) {
          guest.sendLine(`say hello-${count}`)
          await sleep(sim.random.between(50, 250), { reactor })
        }
      },
    ),
  )
  const seen = { number: 0 }
  sim.host('bob', (reactor) => {
    // What a guest has seen is on its screen, and lost in a crash.
    seen.number = 0
    return connectedAlways(reactor, () => new Guest(seen))
  })
  sim.injectFaults({
    withinMs: 3000,
    longestMs: 1000,
    most: 4,
    kinds: ['reset', 'crash', 'hold', 'partition'],
  })
  await sim.run(7000)
  if (seen.number === 0) throw new Error('bob received no message')
}

/** Connects again whenever the connection is lost. */
async function connectedAlways(
  reactor: HostReactor,
  makeGuest: () => Guest,
  use: (guest: Guest) => unknown = () => undefined,
): Promise<void> {
  for (;;) {
    // Of a server that has crashed after it received our line, nothing would be received for ever.
    const options = { timeoutMs: 1000, policies: [new IdleTimeout(1000)] }
    const endpoint = new TCPClientEndpoint(reactor, 'server', 7, options)
    const guest = await connectProtocol(endpoint, makeGuest()).catch(() => undefined)
    if (guest !== undefined) {
      void use(guest)
      await guest.lost
    }
    await sleep(100, { reactor })
  }
}

const QUERY_MS = 3
