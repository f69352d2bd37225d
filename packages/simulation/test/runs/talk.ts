import type { WebSocketClosed } from '@ropewalk/websocket'
import type { Random } from '../../src/index.ts'
import type { CloseFrame } from './web-socket-client.ts'

/** How a talk is planned to end. */
type Ending = (typeof ENDINGS)[number]

/** The plan of what a client and a server send on one WebSocket. */
export interface TalkPlan {
  readonly messages: readonly Message[]
  readonly ending: Ending
  /** The client's close frame, whether it or the server ends the talk. */
  readonly clientClose: CloseFrame
  /** The server's close frame when it ends the talk. */
  readonly serverClose: CloseFrame
  /** Whether the client waits for the echoes before it ends the talk. */
  readonly waits: boolean
}

/** One message, and the number of frames in which it is sent. */
export interface Message {
  readonly data: Buffer
  readonly isText: boolean
  readonly frames: number
}

/** The record of what both ends of one WebSocket received. */
export class Talk {
  readonly plan: TalkPlan
  /** The messages that the server received. */
  readonly received: Buffer[] = []
  /** The messages that the client received back. */
  readonly echoed: Buffer[] = []
  /** The close frames that the client received. */
  readonly clientSaw: CloseFrame[] = []
  /** Whether the client has sent a close frame. */
  clientSentClose = false
  /** The argument of each `connectionLost` of the server's protocol. */
  readonly ends: WebSocketClosed[] = []
  began = false
  readonly #complain: (why: string) => void

  constructor(plan: TalkPlan, complain: (why: string) => void) {
    this.plan = plan
    this.#complain = complain
  }

  /** Fails the run. */
  complain(why: string): void {
    this.#complain(`a WebSocket that was to end by "${this.plan.ending}" ${why}`)
  }

  /** Compares the records of both ends. @param undisturbed Whether there was no fault and no loss. */
  compare(undisturbed: boolean): void {
    const sent = this.plan.messages.map(({ data }) => data)
    this.#comparePrefix('received by the server', this.received, sent)
    this.#comparePrefix('sent back', this.echoed, this.received)
    if (this.clientSaw.length > 1) this.complain(`sent its client ${this.clientSaw.length} close frames`)
    if (this.ends.length > 1) this.complain(`notified its server of ${this.ends.length} ends`)
    const [end] = this.ends
    if (end !== undefined) this.#compareEnd(end)
    if (undisturbed) this.#compareUndisturbed(end)
  }

  #comparePrefix(what: string, came: readonly Buffer[], sent: readonly Buffer[]): void {
    const wrong = came.findIndex((data, at) => !data.equals(sent[at] ?? Buffer.alloc(0)) || at >= sent.length)
    if (wrong >= 0) this.complain(`is wrong: message ${wrong} ${what} differs from the one sent`)
  }

  #compareEnd({ code, reason, closedBy, sentCode }: WebSocketClosed): void {
    const { clientClose } = this.plan
    const codes = `${closedBy}, ${code} "${reason}", ${sentCode}`
    if (code === NO_FRAME ? reason !== '' : !this.clientSentClose || !isSame({ code, reason }, clientClose))
      this.complain(`reported a close frame that its client did not send: ${codes}`)
    if (closedBy === 'peer' && sentCode !== code)
      this.complain(`sent another code than it received: ${codes}`)
    if (closedBy === 'neither' && (code !== NO_FRAME || sentCode !== undefined))
      this.complain(`was closed by neither side, but has a code: ${codes}`)
    const [saw] = this.clientSaw
    if (saw !== undefined && (saw.code ?? NO_CODE) !== sentCode)
      this.complain(`sent its client ${saw.code}, and reported ${sentCode} to its server`)
  }

  /** Without faults and loss, every talk ends as planned. */
  #compareUndisturbed(end: WebSocketClosed | undefined): void {
    const { plan, echoed, clientSaw } = this
    const { ending, messages } = plan
    if (end === undefined) return this.complain('has not ended')
    // A server that waits for its messages to be sent may receive the close frame before the last message.
    const wanted = EXPECTED[ending === 'both' && end.closedBy === 'peer' ? 'client' : ending](plan)
    if (wanted.seen !== undefined && echoed.length < messages.length)
      this.complain(`lost ${messages.length - echoed.length} messages`)
    const { closedBy, cause } = end
    if (closedBy !== wanted.closedBy || cause.name !== wanted.cause)
      this.complain(`ended by ${closedBy} with ${cause.name}`)
    if ((end.code === NO_FRAME) !== (wanted.received === undefined))
      this.complain(`reported ${end.code} to its server`)
    if (wanted.seen === undefined) return
    const [saw] = clientSaw
    if (saw === undefined || !isSame(saw, wanted.seen))
      this.complain(`sent its client ${saw?.code} "${saw?.reason}"`)
  }
}

/** Makes a random plan for one WebSocket. */
export function planTalk(random: Random): TalkPlan {
  return {
    messages: Array.from({ length: random.between(0, 5) }, () => planMessage(random)),
    ending: random.pick(ENDINGS) ?? 'client',
    clientClose: random.chance(0.2) ? { code: undefined, reason: '' } : planClose(random),
    serverClose: planClose(random),
    waits: random.chance(0.5),
  }
}

function planMessage(random: Random): Message {
  const size = random.chance(0.1) ? random.between(0, 150_000) : random.between(0, 1000)
  const isText = random.chance(0.5)
  const data = isText ? Buffer.from('Seilbahn – Reeperbahn '.repeat(size / 20)) : random.bytes(size)
  return { data, isText, frames: random.between(1, 5) }
}

function planClose(random: Random): CloseFrame {
  const code = random.pick([1000, 1001, 1011, 3000, 4999, random.between(3000, 4999)]) ?? 1000
  return { code, reason: '–'.repeat(random.between(0, 41)) }
}

function isSame(one: CloseFrame, other: CloseFrame): boolean {
  return (one.code ?? NO_CODE) === (other.code ?? NO_CODE) && one.reason === other.reason
}

/** RFC 6455 §7.4.1: the codes that stand for a close frame without a code, and for no close frame. */
const NO_CODE = 1005
const NO_FRAME = 1006

/** How a talk ends: by a close frame of one side or both, an abort, a missing reply, or a broken rule. */
const ENDINGS = [
  'client',
  'server',
  'both',
  'client aborts',
  'server aborts',
  'client does not reply',
  'client breaks the rules',
] as const

interface Expected {
  readonly closedBy: WebSocketClosed['closedBy']
  readonly cause: string
  /** The close frame that the server receives; undefined for none. */
  readonly received?: CloseFrame
  /** The close frame that the client receives; undefined where that is not certain. */
  readonly seen?: CloseFrame
}

const EXPECTED: Readonly<Record<Ending, (plan: TalkPlan) => Expected>> = {
  client: ({ clientClose: received }) => ({
    closedBy: 'peer',
    cause: 'ConnectionDone',
    received,
    seen: { ...received, reason: '' },
  }),
  server: ({ clientClose: received, serverClose: seen }) => ({
    closedBy: 'us',
    cause: 'ConnectionDone',
    received,
    seen,
  }),
  both: ({ clientClose: received, serverClose: seen }) => ({
    closedBy: 'us',
    cause: 'ConnectionDone',
    received,
    seen,
  }),
  'client aborts': () => ({ closedBy: 'neither', cause: 'ConnectionLost' }),
  'server aborts': () => ({ closedBy: 'neither', cause: 'ConnectionAborted' }),
  'client does not reply': ({ serverClose: seen }) => ({
    closedBy: 'us',
    cause: 'ConnectionAborted',
    seen,
  }),
  'client breaks the rules': () => ({
    closedBy: 'us',
    cause: 'ConnectionDone',
    seen: { code: 1002, reason: 'Cannot accept an unmasked frame from a client' },
  }),
}
