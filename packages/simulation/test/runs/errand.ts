import type { HTTPResponse } from './response-reader.ts'

/** One request, and the response that it must get. */
export interface Question {
  readonly method: string
  readonly path: string
  /** The body of the request; undefined for none. */
  readonly body?: Buffer
  /** How the body is framed; `expect` waits for `100 Continue` before it sends the body. Default `length`. */
  readonly framing?: 'length' | 'chunks' | 'expect'
  /** More field lines, CRLFs included. */
  readonly fields?: string
  /** The status of the response; `cut` when the server must not complete the response. */
  readonly status: number | 'cut'
  /** The body of the response; undefined for any. */
  readonly answer?: Buffer
}

/** The requests of one client. It repeats each on new connections until it gets the response. */
export class Errand {
  readonly questions: readonly Question[]
  #answered = 0

  constructor(questions: readonly Question[]) {
    this.questions = questions
  }

  /** How many questions have their response: always the first ones. */
  get answered(): number {
    return this.#answered
  }

  /** Whether every question has its response. */
  get isDone(): boolean {
    return this.#answered === this.questions.length
  }

  /** The question whose response comes next. */
  get current(): Question | undefined {
    return this.questions[this.#answered]
  }

  /** A response was received. @throws {Error} unless it is the one to the current question. */
  answer({ status, body }: HTTPResponse): void {
    const { current } = this
    if (current === undefined) throw new Error(`received a response with ${status} to no request`)
    const { method, path, answer } = current
    if (status !== current.status) throw new Error(`${method} ${path} got the status ${status}`)
    if (answer !== undefined && !body.equals(answer))
      throw new Error(`${method} ${path} got the wrong body, of ${body.length} bytes`)
    this.#answered++
  }

  /**
   * The connection ended before the response. That is the expected result for a question with the status
   * `cut`.
   */
  cut(): void {
    if (this.current?.status === 'cut') this.#answered++
  }
}
