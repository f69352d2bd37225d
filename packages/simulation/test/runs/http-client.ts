import { type ConnectionClosed, Protocol } from '@ropewalk/core'
import type { Errand, Question } from './errand.ts'
import { ResponseReader } from './response-reader.ts'

/** How a client behaves on one connection. */
export interface HTTPManners {
  /** Most requests that it pipelines. */
  readonly depth: number
  /** What it does after the last response: closes, sends only its FIN, or waits for the server to close. */
  readonly ending: 'close' | 'half-close' | 'wait'
}

/** Sends the remaining requests of an errand on one connection, and checks the responses. */
export class HTTPClient extends Protocol {
  /** Resolves when the connection has ended. */
  readonly lost: Promise<void>
  readonly #errand: Errand
  readonly #manners: HTTPManners
  readonly #complain: (why: string) => void
  readonly #reader = new ResponseReader()
  #asked = 0
  /** The request whose body is sent after `100 Continue`. */
  #held: Question | undefined
  #settle: () => void = () => undefined

  constructor(errand: Errand, manners: HTTPManners, complain: (why: string) => void) {
    super()
    this.#errand = errand
    this.#manners = manners
    this.#complain = complain
    this.lost = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** Whether a response was received in part. */
  get isCut(): boolean {
    return !this.#reader.isEmpty
  }

  override connectionMade(): void {
    this.#asked = this.#errand.answered
    this.#askMore()
  }

  override dataReceived(data: Buffer): void {
    this.#reader.push(data)
    this.#read()
  }

  /** RFC 9112 §6.3: without a length, the body ends with the connection. */
  readConnectionLost(): void {
    this.#reader.end()
    this.#read()
    this.transport.loseConnection()
  }

  override connectionLost(_reason: ConnectionClosed): void {
    this.#errand.cut()
    this.#settle()
  }

  #read(): void {
    try {
      while (this.#readOne());
      if (this.#errand.isDone && !this.#reader.isEmpty)
        throw new Error('bytes were received after the last response')
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error))
      this.transport.abortConnection(error)
    }
  }

  #readOne(): boolean {
    const { current } = this.#errand
    if (current === undefined) return false
    const response = this.#reader.next(current.method)
    if (response === undefined) return false
    if (response.status === 100) this.#sendHeld(current)
    else {
      if (this.#held === current) throw new Error(`${current.path} got a response before its body was sent`)
      this.#errand.answer(response)
      this.#askMore()
    }
    return true
  }

  #askMore(): void {
    const { questions, answered } = this.#errand
    while (this.#held === undefined && this.#asked < answered + this.#manners.depth) {
      const question = questions[this.#asked]
      if (question === undefined) break
      this.#asked++
      this.#ask(question)
    }
    if (this.#errand.isDone) this.#finish()
  }

  #ask(question: Question): void {
    const { method, path, body, framing = 'length', fields = '' } = question
    const isChunked = framing === 'chunks'
    const expects = framing === 'expect' ? 'Expect: 100-continue\r\n' : ''
    const length = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body?.length ?? 0}`
    const head = `${method} ${path} HTTP/1.1\r\nHost: server\r\n${expects}${fields}`
    this.transport.write(body === undefined ? `${head}\r\n` : `${head}${length}\r\n\r\n`)
    if (body === undefined) return
    if (expects !== '') this.#held = question
    else if (isChunked) this.#sendChunks(body)
    else this.transport.write(body)
  }

  #sendHeld(current: Question): void {
    if (this.#held !== current) throw new Error(`${current.path} got a 100 response without asking for it`)
    this.transport.write(current.body ?? '')
    this.#held = undefined
    this.#askMore()
  }

  #sendChunks(body: Buffer): void {
    for (let at = 0; at < body.length; at += CHUNK_BYTES) {
      const chunk = body.subarray(at, at + CHUNK_BYTES)
      this.transport.writeSequence([`${chunk.length.toString(16)}\r\n`, chunk, '\r\n'])
    }
    this.transport.write('0\r\n\r\n')
  }

  #finish(): void {
    const { ending } = this.#manners
    if (ending === 'close') this.transport.loseConnection()
    else if (ending === 'half-close') this.transport.loseWriteConnection()
  }
}

const CHUNK_BYTES = 700
