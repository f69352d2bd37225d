import { createHash, randomBytes } from 'node:crypto'

/** The head of an HTTP request or response. */
export interface Head {
  readonly startLine: string
  /** By name in lower case; repeated fields are joined with commas. */
  readonly fields: ReadonlyMap<string, string>
  /** The bytes after the head. */
  readonly rest: Buffer
}

/** Returns the head at the start of `data`, or undefined when it has not all arrived. */
export function readHead(data: Buffer): Head | undefined {
  const end = data.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [startLine = '', ...lines] = data.toString('latin1', 0, end).split('\r\n')
  const fields = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return { startLine, fields, rest: data.subarray(end + 4) }
}

/** A client's opening handshake. */
export interface ClientHandshake {
  readonly request: string
  /** Returns what is wrong with the response; undefined when it opens the WebSocket. */
  check(response: Head): string | undefined
}

/** Makes an opening handshake (RFC 6455 §4.1). */
export function clientHandshake(url: URL, extensions: string | undefined): ClientHandshake {
  const key = randomBytes(16).toString('base64')
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
  ]
  return {
    request: `${lines.join('\r\n')}\r\n\r\n`,
    check: ({ startLine, fields }) => {
      if (!startLine.startsWith('HTTP/1.1 101 ')) return `The response was ${startLine}`
      if (fields.get('upgrade')?.toLowerCase() !== 'websocket')
        return 'The response had no Upgrade: websocket'
      if (!has(fields, 'connection', 'upgrade')) return 'The response had no Connection: Upgrade'
      if (fields.get('sec-websocket-accept') !== acceptFor(key)) return 'Sec-WebSocket-Accept was wrong'
      if (fields.has('sec-websocket-protocol')) return 'A subprotocol was selected but not offered'
      const chosen = fields.get('sec-websocket-extensions')
      if (chosen !== undefined && extensions === undefined) return `${chosen} was selected but not offered`
      return undefined
    },
  }
}

/** Returns what is wrong with a client's opening handshake (RFC 6455 §4.1), or undefined. */
export function faultOfRequest({ startLine, fields }: Head): string | undefined {
  if (!/^GET \S+ HTTP\/1\.1$/.test(startLine)) return `The request was ${startLine}`
  if (!fields.has('host')) return 'The request had no Host'
  if (!has(fields, 'upgrade', 'websocket')) return 'The request had no Upgrade: websocket'
  if (!has(fields, 'connection', 'upgrade')) return 'The request had no Connection: Upgrade'
  if (fields.get('sec-websocket-version') !== '13') return 'Sec-WebSocket-Version was not 13'
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(fields.get('sec-websocket-key') ?? '')) {
    return 'Sec-WebSocket-Key did not hold 16 bytes in base64'
  }
  return undefined
}

/** Writes the response that opens the WebSocket. */
export function serverHandshake({ fields }: Head, extensions: string | undefined): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptFor(fields.get('sec-websocket-key') ?? '')}`,
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

function has(fields: ReadonlyMap<string, string>, name: string, element: string): boolean {
  const elements = (fields.get(name) ?? '').split(',')
  return elements.some((item) => item.trim().toLowerCase() === element)
}
