import { once } from 'node:events'
import { connect as connectTLS } from 'node:tls'
import { ended, flooded, type HostilePeer, leave, open, reset, send } from './hostile-peers.ts'
import { frame, HANDSHAKE, HI, request, SOCKS_GREETING, socksConnect, type Victim } from './victims.ts'

/** Peers that begin as a client of the victim's protocol does. */
export const SPEAKING_PEERS: readonly HostilePeer[] = [
  ...[
    [
      'a head that never ends',
      Buffer.concat([request('GET / HTTP/1.1').subarray(0, -2), filled('X: ', 1 << 20)]),
    ],
    ['a field of 1 MiB', request('GET / HTTP/1.1', `X: ${'x'.repeat(1 << 20)}`)],
    ['a target of 1 MiB', request(`GET /${'x'.repeat(1 << 20)} HTTP/1.1`)],
    ['two lengths', request('POST /echo HTTP/1.1', 'Content-Length: 5', 'Content-Length: 6')],
    ['a length of 40 digits', request('POST /echo HTTP/1.1', `Content-Length: ${'9'.repeat(40)}`)],
    ['a malformed chunk size', Buffer.concat([chunkedPost(), Buffer.from('xyz\r\n')])],
    ['a chunk size that never ends', Buffer.concat([chunkedPost(), filled('0', 1 << 20)])],
    [
      'trailers that never end',
      Buffer.concat([chunkedPost(), Buffer.from('0\r\n'), filled('X: y\r\n', 1 << 20)]),
    ],
  ].map(([what, bytes]) => ({
    name: `sends an HTTP request with ${String(what)}`,
    only: speaksHTTP,
    attack: async ({ port }: Victim) => leave(await open(port), bytes as Buffer),
  })),
  {
    name: 'sends an endless body, reads, and resets',
    only: speaksHTTP,
    attack: async ({ port }) => {
      const socket = await flooded(port, chunkedPost(), CHUNK)
      socket.resume()
      await send(socket, CHUNK)
      await reset(socket)
    },
  },
  {
    name: 'sends an endless body without reading, and then a FIN',
    only: speaksHTTP,
    attack: async ({ port }) => leave(await flooded(port, chunkedPost(), CHUNK, 2 << 20)),
  },
  {
    name: 'declares a body of 1 GiB, and resets after some of it',
    only: speaksHTTP,
    attack: async ({ port }) => {
      const post = request('POST /echo HTTP/1.1', 'Content-Length: 1073741824')
      await reset(await flooded(port, post, CHUNK))
    },
  },
  ...[
    ['a frame without a mask', Buffer.from('\x81\x02hi', 'latin1')],
    ['a reserved bit', frame(0xc1, 'hi')],
    ['a reserved opcode', frame(0x83, 'hi')],
    ['a ping of 126 bytes', Buffer.concat([Buffer.of(0x89, 0xfe, 0, 126, 0, 0, 0, 0), Buffer.alloc(126)])],
    ['a fragmented ping', frame(0x09, 'hi')],
    ['a continuation without a message', frame(0x80, 'hi')],
    ['text that is not UTF-8', frame(0x81, Buffer.of(0xff, 0xfe))],
    ['a frame of 2^63 bytes', Buffer.concat([Buffer.of(0x81, 0xff, 0x80), Buffer.alloc(11)])],
    ['a frame of 1 TiB', Buffer.concat([Buffer.of(0x82, 0xff, 0, 0, 1), Buffer.alloc(9)])],
    ['a close frame of one byte', frame(0x88, 'x')],
    ['a close frame and more frames after it', Buffer.concat([frame(0x88, ''), HI, HI])],
  ].map(([what, bytes]) => ({
    name: `sends a WebSocket ${String(what)}`,
    only: speaksWebSocket,
    attack: async ({ port }: Victim) => {
      const socket = await open(port)
      await send(socket, Buffer.concat([HANDSHAKE, bytes as Buffer]))
      await ended(socket)
    },
  })),
  {
    name: 'ends a WebSocket with a FIN but no close frame',
    only: speaksWebSocket,
    attack: async ({ port }) => leave(await open(port), HANDSHAKE),
  },
  {
    name: 'resets a WebSocket in the middle of a frame',
    only: speaksWebSocket,
    attack: async ({ port }) => {
      const socket = await open(port)
      await send(socket, Buffer.concat([HANDSHAKE, HI.subarray(0, -1)]))
      await reset(socket)
    },
  },
  ...[
    ['pings', frame(0x89, 'are you there?')],
    [
      'empty fragments',
      Buffer.concat([frame(0x01, ''), ...Array.from({ length: 1000 }, () => frame(0x00, ''))]),
    ],
    [
      'fragments of one byte',
      Buffer.concat([frame(0x01, 'x'), ...Array.from({ length: 1000 }, () => frame(0x00, 'x'))]),
    ],
    ['empty messages', frame(0x82, '')],
  ].flatMap(([what, bytes]) => [
    {
      name: `floods a WebSocket with ${String(what)} without reading, and resets`,
      only: speaksWebSocket,
      attack: async ({ port }: Victim) => reset(await flooded(port, HANDSHAKE, bytes as Buffer)),
    },
    {
      name: `floods a WebSocket with ${String(what)}, sends a FIN, and reads only then`,
      only: speaksWebSocket,
      attack: async ({ port }: Victim) => leave(await flooded(port, HANDSHAKE, bytes as Buffer, 1 << 20)),
    },
  ]),
  ...[
    ['garbage', Buffer.from('STARTTLS\r\nthis is not a ClientHello\r\n')],
    [
      'a record of 16 KiB of zeros',
      Buffer.concat([Buffer.from('STARTTLS\r\n\x16\x03\x01\x40\x00', 'latin1'), Buffer.alloc(16_384)]),
    ],
    ['half a ClientHello', Buffer.from('STARTTLS\r\n\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03', 'latin1')],
    ['an alert', Buffer.from('STARTTLS\r\n\x15\x03\x03\x00\x02\x02\x28', 'latin1')],
  ].flatMap(([what, bytes]) => [
    {
      name: `sends ${String(what)} instead of a TLS handshake, and a FIN`,
      only: speaksTLS,
      attack: async ({ port }: Victim) => leave(await open(port), bytes as Buffer),
    },
    {
      name: `sends ${String(what)} instead of a TLS handshake, and resets`,
      only: speaksTLS,
      attack: async ({ port }: Victim) => {
        const socket = await open(port)
        await send(socket, bytes as Buffer)
        await reset(socket)
      },
    },
  ]),
  { name: 'resets in the middle of a TLS record', only: speaksTLS, attack: resetUnderTLS },
  ...[
    ['a greeting of version 4', Buffer.of(4, 1, 0, 80, 127, 0, 0, 1, 0)],
    ['a greeting without a method', Buffer.of(5, 0)],
    ['half a greeting', Buffer.of(5, 255, 1, 2)],
    [
      'a request with an unknown command',
      Buffer.concat([SOCKS_GREETING, Buffer.of(5, 9, 0, 1, 127, 0, 0, 1, 0, 80)]),
    ],
    [
      'a request for a name with control characters',
      Buffer.concat([SOCKS_GREETING, Buffer.of(5, 1, 0, 3, 3, 0, 10, 13, 0, 80)]),
    ],
    ['a request for a port where nothing listens', Buffer.concat([SOCKS_GREETING, socksConnect(9)])],
  ].map(([what, bytes]) => ({
    name: `sends a SOCKS proxy ${String(what)}`,
    only: ({ name }: Victim) => name === 'socks5',
    attack: async ({ port }: Victim) => {
      const [one, other] = [await open(port), await open(port)]
      await send(one, bytes as Buffer)
      await reset(one)
      await leave(other, bytes as Buffer)
    },
  })),
]

/** Completes a TLS handshake, and resets in the middle of a record. */
async function resetUnderTLS({ port }: Victim): Promise<void> {
  const socket = await open(port)
  socket.write('STARTTLS\r\n')
  await once(socket, 'data')
  const secure = connectTLS({ socket, rejectUnauthorized: false }).on('error', () => undefined)
  await once(secure, 'secureConnect')
  secure.write('hello\r\n')
  socket.write(Buffer.of(0x17, 3, 3, 0, 100, 1))
  await reset(socket)
}

function speaksHTTP({ name }: Victim): boolean {
  return name.startsWith('http-') || name === 'upgrade-in-place' || speaksWebSocket({ name })
}

function speaksWebSocket({ name }: Pick<Victim, 'name'>): boolean {
  return name === 'article' || name === 'websocket-echo'
}

function speaksTLS({ name }: Victim): boolean {
  return name === 'starttls-server'
}

function chunkedPost(): Buffer {
  return request('POST /echo HTTP/1.1', 'Transfer-Encoding: chunked')
}

function filled(text: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, text)
}

const CHUNK = Buffer.from(`4000\r\n${'x'.repeat(0x4000)}\r\n`)
