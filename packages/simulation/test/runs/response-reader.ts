/** A whole response. */
export interface HTTPResponse {
  readonly status: number
  /** By lower-case name; of several fields of one name the last. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** Reads responses as a client that knows nothing of the server: by Content-Length, by chunks, or to the end. */
export class ResponseReader {
  #unread: Buffer = Buffer.alloc(0)
  #ended = false

  /** Whether nothing is left that was not read. */
  get isEmpty(): boolean {
    return this.#unread.length === 0
  }

  /** Bytes came. */
  push(data: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, data])
  }

  /** No more will come: a body that lasts to the end is whole. */
  end(): void {
    this.#ended = true
  }

  /**
   * The next response to a request of this method; interim ones too.
   *
   * @returns undefined when not all of it has come.
   * @throws {Error} for what is no response.
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

  /** RFC 9112 §6.3: which of the ways to end a body it is. */
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
  /** Where what follows begins. */
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
