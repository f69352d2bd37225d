import type { WebSocketClosed } from '@ropewalk/websocket'
import type { Random } from '../../src/index.ts'
import type { Goodbye } from './web-socket-client.ts'

/** How a talk is meant to end. */
type Ending = (typeof ENDINGS)[number]

/** What a client and a server are to say to each other on one WebSocket. */
export interface TalkPlan {
  readonly messages: readonly Message[]
  readonly ending: Ending
  /** What the client says when it ends the talk, or when the server has. */
  readonly clientGoodbye: Goodbye
  /** What the server says when it ends it. */
  readonly serverGoodbye: Goodbye
  /** Whether the client waits for the echoes before it ends the talk. */
  readonly waits: boolean
}

/** One message, and in how many frames it is sent. */
export interface Message {
  readonly data: Buffer
  readonly isText: boolean
  readonly frames: number
}

/** One WebSocket as both its ends have seen it. */
export class Talk {
  readonly plan: TalkPlan
  /** What the server heard, and what came back to the client. */
  readonly heard: Buffer[] = []
  readonly echoed: Buffer[] = []
  /** The close frames that came to the client. */
  readonly clientSaw: Goodbye[] = []
  /** Whether the client has sent a close frame. */
  clientSaidGoodbye = false
  /** What the server's protocol was told, each time. */
  readonly ends: WebSocketClosed[] = []
  began = false
  readonly #complain: (why: string) => void

  constructor(plan: TalkPlan, complain: (why: string) => void) {
    this.plan = plan
    this.#complain = complain
  }

  /** Something is not as it should be: the run fails. */
  complain(why: string): void {
    this.#complain(`a WebSocket that was to end by "${this.plan.ending}" ${why}`)
  }

  /** Compares what both ends have seen. @param undisturbed Whether nothing has happened to the network. */
  compare(undisturbed: boolean): void {
    const sent = this.plan.messages.map(({ data }) => data)
    this.#comparePrefix('heard', this.heard, sent)
    this.#comparePrefix('echoed', this.echoed, this.heard)
    if (this.clientSaw.length > 1) this.complain(`showed its client ${this.clientSaw.length} close frames`)
    if (this.ends.length > 1) this.complain(`told its server of ${this.ends.length} ends`)
    const [end] = this.ends
    if (end !== undefined) this.#compareEnd(end)
    if (undisturbed) this.#compareUndisturbed(end)
  }

  #comparePrefix(what: string, came: readonly Buffer[], sent: readonly Buffer[]): void {
    const wrong = came.findIndex((data, at) => !data.equals(sent[at] ?? Buffer.alloc(0)) || at >= sent.length)
    if (wrong >= 0) this.complain(`${what} message ${wrong} other than it was sent`)
  }

  #compareEnd({ code, reason, closedBy, sentCode }: WebSocketClosed): void {
    const { clientGoodbye } = this.plan
    const codes = `${closedBy}, ${code} "${reason}", ${sentCode}`
    if (
      code === NO_FRAME ? reason !== '' : !this.clientSaidGoodbye || !isSame({ code, reason }, clientGoodbye)
    )
      this.complain(`told its server of an end that its client did not say: ${codes}`)
    if (closedBy === 'peer' && sentCode !== code)
      this.complain(`answered a close frame with another: ${codes}`)
    if (closedBy === 'nobody' && (code !== NO_FRAME || sentCode !== undefined))
      this.complain(`was closed by nobody, and yet: ${codes}`)
    const [saw] = this.clientSaw
    if (saw !== undefined && (saw.code ?? NO_CODE) !== sentCode)
      this.complain(`showed its client ${saw.code}, and told its server of ${sentCode}`)
  }

  /** Without faults every talk ends as it was meant to. */
  #compareUndisturbed(end: WebSocketClosed | undefined): void {
    const { plan, echoed, clientSaw } = this
    const { ending, messages } = plan
    if (end === undefined) return this.complain('has not ended')
    const wanted = EXPECTED[ending](plan)
    if (wanted.seen !== undefined && echoed.length < messages.length)
      this.complain(`lost ${messages.length - echoed.length} messages`)
    const { closedBy, cause } = end
    if (closedBy !== wanted.closedBy || cause.name !== wanted.cause)
      this.complain(`ended by ${closedBy} with ${cause.name}`)
    if ((end.code === NO_FRAME) !== (wanted.heard === undefined))
      this.complain(`told its server of ${end.code}`)
    if (wanted.seen === undefined) return
    const [saw] = clientSaw
    if (saw === undefined || !isSame(saw, wanted.seen))
      this.complain(`showed its client ${saw?.code} "${saw?.reason}"`)
  }
}

/** Makes up what is said on one WebSocket. */
export function planTalk(random: Random): TalkPlan {
  return {
    messages: Array.from({ length: random.between(0, 5) }, () => planMessage(random)),
    ending: random.pick(ENDINGS) ?? 'client',
    clientGoodbye: random.chance(0.2) ? { code: undefined, reason: '' } : planGoodbye(random),
    serverGoodbye: planGoodbye(random),
    waits: random.chance(0.5),
  }
}

function planMessage(random: Random): Message {
  const size = random.chance(0.1) ? random.between(0, 150_000) : random.between(0, 1000)
  const isText = random.chance(0.5)
  const data = isText ? Buffer.from('Seilbahn – Reeperbahn '.repeat(size / 20)) : random.bytes(size)
  return { data, isText, frames: random.between(1, 5) }
}

function planGoodbye(random: Random): Goodbye {
  const code = random.pick([1000, 1001, 1011, 3000, 4999, random.between(3000, 4999)]) ?? 1000
  return { code, reason: '–'.repeat(random.between(0, 41)) }
}

function isSame(one: Goodbye, other: Goodbye): boolean {
  return (one.code ?? NO_CODE) === (other.code ?? NO_CODE) && one.reason === other.reason
}

/** RFC 6455 §7.4.1: what stands for a close frame without a code, and for none. */
const NO_CODE = 1005
const NO_FRAME = 1006

/** Who ends a talk: one side, both at once; one that does not wait for the other; one that breaks the rules. */
const ENDINGS = [
  'client',
  'server',
  'both',
  'client aborts',
  'server aborts',
  'client does not answer',
  'client breaks the rules',
] as const

interface Expected {
  readonly closedBy: WebSocketClosed['closedBy']
  readonly cause: string
  /** The close frame that the server hears; undefined for none. */
  readonly heard?: Goodbye
  /** The close frame that the client sees; undefined where that is not certain. */
  readonly seen?: Goodbye
}

const EXPECTED: Readonly<Record<Ending, (plan: TalkPlan) => Expected>> = {
  client: ({ clientGoodbye: heard }) => ({
    closedBy: 'peer',
    cause: 'ConnectionDone',
    heard,
    seen: { ...heard, reason: '' },
  }),
  server: ({ clientGoodbye: heard, serverGoodbye: seen }) => ({
    closedBy: 'us',
    cause: 'ConnectionDone',
    heard,
    seen,
  }),
  both: ({ clientGoodbye: heard, serverGoodbye: seen }) => ({
    closedBy: 'us',
    cause: 'ConnectionDone',
    heard,
    seen,
  }),
  'client aborts': () => ({ closedBy: 'nobody', cause: 'ConnectionLost' }),
  'server aborts': () => ({ closedBy: 'nobody', cause: 'ConnectionAborted' }),
  'client does not answer': ({ serverGoodbye: seen }) => ({
    closedBy: 'us',
    cause: 'ConnectionAborted',
    seen,
  }),
  'client breaks the rules': () => ({
    closedBy: 'us',
    cause: 'ConnectionDone',
    seen: { code: 1002, reason: 'Cannot read a frame that its client did not mask' },
  }),
}
