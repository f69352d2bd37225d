/** What a frame carries. */
export interface FrameOptions {
  /** Whether the message is text; otherwise binary. */
  readonly text: boolean
  /** Whether the payload is compressed: RSV1, RFC 7692 §6. */
  readonly compressed?: boolean
}

/**
 * A message in one frame, as a server sends it: without a mask.
 *
 * @see RFC 6455 §5.2
 */
export function serverFrame(payload: Uint8Array, options: FrameOptions): Buffer {
  return Buffer.concat([header(payload.length, options, 0), payload])
}

/**
 * A message in one frame, as a client sends it: masked.
 *
 * @see RFC 6455 §5.3
 */
export function clientFrame(payload: Uint8Array, options: FrameOptions): Buffer {
  const masked = payload.map((byte, at) => byte ^ (MASK_KEY[at % 4] ?? 0))
  return Buffer.concat([header(payload.length, options, 0x80), MASK_KEY, masked])
}

function header(length: number, { text, compressed = false }: FrameOptions, mask: number): Buffer {
  const first = 0x80 | (compressed ? 0x40 : 0) | (text ? 0x1 : 0x2)
  if (length < 126) return Buffer.from([first, mask | length])
  if (length < 65_536) return Buffer.from([first, mask | 126, length >> 8, length & 0xff])
  const long = Buffer.alloc(10)
  long[0] = first
  long[1] = mask | 127
  long.writeBigUInt64BE(BigInt(length), 2)
  return long
}

/** A request to upgrade to a WebSocket, with the extensions that are offered. */
export function upgradeRequest(port: number, extensions?: string): string {
  return [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    '\r\n',
  ].join('\r\n')
}

const MASK_KEY = Buffer.from([0x9d, 0x21, 0xe4, 0x57])
