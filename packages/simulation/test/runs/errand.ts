import type { HTTPResponse } from './response-reader.ts'

/** One request, and what must come back for it. */
export interface Question {
  readonly method: string
  readonly path: string
  /** What is sent behind the head; undefined for nothing. */
  readonly body?: Buffer
  /** How the body is framed; `expect` asks before it sends it. Default: by its length. */
  readonly framing?: 'length' | 'chunks' | 'expect'
  /** More field lines, CRLFs included. */
  readonly fields?: string
  /** The status of the answer; `cut` when the server must not complete it. */
  readonly status: number | 'cut'
  /** The body of the answer; undefined for any. */
  readonly answer?: Buffer
}

/** What a client has to ask, over as many connections as it takes: each question, until it is answered. */
export class Errand {
  readonly questions: readonly Question[]
  #answered = 0

  constructor(questions: readonly Question[]) {
    this.questions = questions
  }

  /** How many are answered: always the first ones. */
  get answered(): number {
    return this.#answered
  }

  /** Whether nothing is left to ask. */
  get isDone(): boolean {
    return this.#answered === this.questions.length
  }

  /** The question whose answer comes next. */
  get current(): Question | undefined {
    return this.questions[this.#answered]
  }

  /** An answer has come. @throws {Error} unless it is that of the current question. */
  answer({ status, body }: HTTPResponse): void {
    const { current } = this
    if (current === undefined) throw new Error(`a response with ${status} came that nobody asked for`)
    const { method, path, answer } = current
    if (status !== current.status) throw new Error(`${method} ${path} was answered with ${status}`)
    if (answer !== undefined && !body.equals(answer))
      throw new Error(`${method} ${path} was answered with the ${body.length} bytes of another`)
    this.#answered++
  }

  /** The connection is gone before an answer: a question that gets none is done with. */
  cut(): void {
    if (this.current?.status === 'cut') this.#answered++
  }
}
