/** A complete response. */
export interface HTTPResponse {
  readonly status: number
  /** By lower-case name. Of several fields with one name, the last one. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** A parser for responses that shares no code with the server. */
export class ResponseReader {
  #unread: Buffer = Buffer.alloc(0)
  #ended = false

  /** Whether all bytes pushed have been consumed. */
  get isEmpty(): boolean {
    return this.#unread.length === 0
  }

  /** Adds bytes received. */
  push(data: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, data])
  }

  /** Marks the end of the stream, which completes a body without a length. */
  end(): void {
    this.#ended = true
  }

  /**
   * Takes the next response, which may be interim, to a request with this method.
   *
   * @returns undefined when it is not complete.
   * @throws {Error} for malformed bytes.
   */
  next(method: string): HTTPResponse | undefined {
    const end = this.#unread.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const { status, headers } = readHead(this.#unread.toString('latin1', 0, end))
    const found = this.#body(method, status, headers, end + 4)
    if (found === undefined) return undefined
    this.#unread = this.#unread.subarray(found.end)
    return { status, headers, body: found.body }
  }

  /** RFC 9112 §6.3: how the length of the body is determined. */
  #body(method: string, status: number, headers: HTTPResponse['headers'], from: number): Found | undefined {
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304)
      return { body: Buffer.alloc(0), end: from }
    if (headers.get('transfer-encoding') === 'chunked') return this.#chunks(from)
    const length = headers.get('content-length')
    if (length !== undefined) return this.#piece(from, Number(length))
    return this.#ended ? this.#piece(from, this.#unread.length - from) : undefined
  }

  #piece(from: number, bytes: number): Found | undefined {
    const end = from + bytes
    return this.#unread.length < end ? undefined : { body: this.#unread.subarray(from, end), end }
  }

  #chunks(from: number): Found | undefined {
    const pieces: Buffer[] = []
    for (let at = from; ;) {
      const line = this.#unread.indexOf('\r\n', at)
      if (line < 0) return undefined
      const size = this.#unread.toString('latin1', at, line)
      if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`Cannot read chunk size from "${size.slice(0, 80)}"`)
      const bytes = Number.parseInt(size, 16)
      const piece = this.#piece(line + 2, bytes + 2)
      if (piece === undefined) return undefined
      if (piece.body.toString('latin1', bytes) !== '\r\n') throw new Error('Cannot find the end of a chunk')
      if (bytes === 0) return { body: Buffer.concat(pieces), end: piece.end }
      pieces.push(piece.body.subarray(0, bytes))
      at = piece.end
    }
  }
}

interface Found {
  readonly body: Buffer
  /** The index of the first byte after the body. */
  readonly end: number
}

function readHead(head: string): Pick<HTTPResponse, 'status' | 'headers'> {
  const [line = '', ...fields] = head.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]
  if (status === undefined) throw new Error(`Cannot read a status from "${line.slice(0, 80)}"`)
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
  })
  return { status: Number(status), headers: new Map(headers) }
}
