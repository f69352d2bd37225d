import { markdownTable } from './markdown.ts'

/** The servers that are measured, their versions, and the options that differ from their defaults. */
export function peerTable(versions: Readonly<Record<string, string>>): string {
  const rows = SERVERS.map(({ name, of, files, options }) => [
    name,
    of.map((one) => versions[one] ?? 'not installed').join(', ') || 'this commit',
    files.map((file) => `[${file}](${FOLDER}${file})`).join(' '),
    options,
  ])
  return markdownTable(
    ['Server', 'Version', 'Program', 'Options that differ from the default'],
    rows,
    [0, 1, 2, 3],
  )
}

const FOLDER = '../packages/bench/servers/'

/** Of each: the names of its versions, its programs, and its options. */
const SERVERS: readonly {
  readonly name: string
  readonly of: readonly string[]
  readonly files: readonly string[]
  readonly options: string
}[] = [
  {
    name: 'Ropewalk',
    of: [],
    files: ['tcp-ropewalk.mjs', 'http-ropewalk.mjs', 'websocket-ropewalk.mjs', 'static-ropewalk.mjs'],
    options: '`maxMessageBytes` 128 MiB; for deflate, short messages are compressed too',
  },
  {
    name: 'node:net',
    of: ['node'],
    files: ['tcp-node-net.mjs', 'http-node-net.mjs'],
    options:
      '`noDelay`; “heap kept” sets `MALLOC_TRIM_THRESHOLD_`; under HTTP a fixed reply to each empty line, without a parser',
  },
  {
    name: 'node:http',
    of: ['node'],
    files: ['http-node-http.mjs'],
    options: '`keepAliveTimeout` 75 s, as Ropewalk',
  },
  {
    name: 'Fastify',
    of: ['fastify', '@fastify/static'],
    files: ['http-fastify.mjs', 'static-fastify.mjs'],
    options: 'a schema of the response for `/json`, which Fastify recommends',
  },
  { name: 'Hono', of: ['hono', '@hono/node-server'], files: ['http-hono.mjs'], options: 'none' },
  {
    name: 'ws',
    of: ['ws', 'bufferutil'],
    files: ['websocket-ws.mjs', 'broadcast-ws.mjs'],
    options:
      '`maxPayload` 128 MiB, bufferutil; “same settings” has the window, level and memory of Ropewalk for deflate',
  },
  {
    name: 'Bun',
    of: ['bun'],
    files: ['http-bun.mjs', 'websocket-bun.mjs'],
    options: '`maxPayloadLength` 128 MiB, `backpressureLimit` 256 MiB',
  },
  {
    name: 'Twisted',
    of: ['twisted'],
    files: ['tcp-twisted.py', 'http-twisted.py'],
    options: '`setTcpNoDelay` for TCP',
  },
  {
    name: 'Autobahn',
    of: ['autobahn'],
    files: ['websocket-autobahn.py'],
    options: 'accepts compression where it is offered',
  },
  {
    name: 'nginx',
    of: ['nginx'],
    files: ['static-nginx.sh'],
    options: 'one process, no access log, `sendfile`, `tcp_nopush`, no limit of requests for a connection',
  },
]
