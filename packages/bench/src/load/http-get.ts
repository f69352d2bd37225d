import { connect } from 'node:net'
import { ClosedLoop, type ClosedLoopOptions } from './closed-loop.ts'
import { READ_BUFFER_BYTES } from './connections.ts'
import { EqualReplies, type Range, Replies } from './replies.ts'

/** Requests of one path over connections that stay open. */
export interface GetOptions extends ClosedLoopOptions {
  /** The path to request. */
  readonly path: string
  /** The status that each response must have. */
  readonly status: number
  /** The body that each response must have; without it, the body of the first. */
  readonly body?: string
}

/**
 * A load of GET requests.
 *
 * The first response is checked: its status, its length and its body. All others must be the same but for the value
 * of `Date`.
 */
export async function httpGet(options: GetOptions): Promise<ClosedLoop> {
  const request = `GET ${options.path} HTTP/1.1\r\nHost: 127.0.0.1:${options.port}\r\n\r\n`
  const reply = await responseTo(request, options.port)
  const fault = faultOf(reply, options)
  if (fault !== undefined) throw new Error(`${fault}: ${reply.toString('latin1', 0, 500)}`)
  const replies = new Replies(reply, READ_BUFFER_BYTES, dateIn(reply))
  return new ClosedLoop(options, {
    requests: [Buffer.from(request)],
    replies: () => new EqualReplies(replies),
  })
}

/** What is wrong with a response; undefined when it is as expected. */
export function faultOf(
  response: Buffer,
  { status, body }: Pick<GetOptions, 'status' | 'body'>,
): string | undefined {
  const head = headOf(response) ?? ''
  if (!head.startsWith(`HTTP/1.1 ${status} `)) return `Expected a response with the status ${status}`
  const got = response.subarray(head.length)
  if (got.length !== lengthIn(head))
    return `Got a body of ${got.length} bytes, and a length of ${lengthIn(head)}`
  if (body !== undefined && got.toString() !== body) return `Expected the body ${body}`
  return undefined
}

/** The place of the value of `Date` in a response; undefined where the header is absent. */
export function dateIn(response: Buffer): Range | undefined {
  const found = /\r\ndate: *([^\r]+)/i.exec(headOf(response) ?? '')
  if (found === null) return undefined
  const end = found.index + found[0].length
  return { start: end - (found[1] ?? '').length, end }
}

function responseTo(request: string, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let wanted = Infinity
    let length = 0
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The server closed the connection before its response ended')))
    socket.on('data', (data) => {
      chunks.push(data)
      length += data.length
      if (wanted === Infinity) wanted = wantedBytes(Buffer.concat(chunks))
      if (length < wanted) return
      resolve(Buffer.concat(chunks))
      socket.destroy()
    })
  })
}

/** The bytes of a whole response, of which `part` has arrived; Infinity while the head is incomplete. */
function wantedBytes(part: Buffer): number {
  const head = headOf(part)
  return head === undefined ? Infinity : head.length + lengthIn(head)
}

/** The head with the empty line that ends it. */
function headOf(response: Buffer): string | undefined {
  const end = response.indexOf('\r\n\r\n')
  return end === -1 ? undefined : response.toString('latin1', 0, end + 4)
}

function lengthIn(head: string): number {
  const value = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1]
  if (value === undefined) throw new Error(`A response has no Content-Length: ${head}`)
  return Number(value)
}
