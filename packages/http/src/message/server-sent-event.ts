/** An event for an `EventSource` (WHATWG HTML §9.2). */
export interface ServerSentEvent {
  /** What the listener gets, with line ends of any kind. Without it the event only sets `id` and `retryMs`. */
  readonly data?: string | undefined
  /** The type: the name for which the client adds a listener. Default `message`. */
  readonly event?: string | undefined
  /** What the client sends as Last-Event-ID when it connects again. */
  readonly id?: string | undefined
  /** How long the client waits before it connects again, in milliseconds. */
  readonly retryMs?: number | undefined
}

/**
 * Returns an event as it is sent.
 *
 *     event: tick        each field on a line, the data on as many lines as it has
 *     id: 7
 *     data: 12:00
 *                        an empty line at the end
 *
 * @throws {TypeError} when a value has the wrong type, or the type or id has a line end, or the id a NUL: such a
 *   value could add other fields.
 * @throws {RangeError} when `retryMs` is not a whole number, 0 or more.
 */
export function formatServerSentEvent({ data, event, id, retryMs }: ServerSentEvent): string {
  let text = ''
  if (event !== undefined) text += `event: ${oneLine('event', event)}\n`
  if (id !== undefined) text += `id: ${oneLine('id', id)}\n`
  if (retryMs !== undefined) text += `retry: ${wholeMilliseconds(retryMs)}\n`
  if (data !== undefined) text += fieldLines('data: ', data)
  return text === '' ? '' : `${text}\n`
}

/** Returns a comment, which clients ignore. An empty one keeps a connection busy. */
export function formatComment(text: string): string {
  return text === '' ? ':\n\n' : `${fieldLines(': ', text)}\n`
}

function fieldLines(prefix: string, text: unknown): string {
  if (typeof text !== 'string')
    throw new TypeError(`Cannot send an event with data ${shown(text)}: give a string`)
  return text
    .split(LINE_END)
    .map((line) => `${prefix}${line}\n`)
    .join('')
}

function oneLine(name: string, value: unknown): string {
  if (typeof value === 'string' && !(name === 'id' ? ID_END : LINE_END).test(value)) return value
  throw new TypeError(`Cannot send an event with ${name} ${shown(value)}: give a string without line ends`)
}

function wholeMilliseconds(value: unknown): number {
  if (typeof value !== 'number')
    throw new TypeError(`Cannot send an event with retryMs ${shown(value)}: ${WHOLE}`)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new RangeError(`Cannot send an event with retryMs ${value}: ${WHOLE}`)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : `of type ${typeof value}`
}

const WHOLE = 'give a whole number of milliseconds, 0 or more'
const LINE_END = /\r\n|\n|\r/
const ID_END = /[\r\n\0]/
