import { createReactor } from '@ropewalk/core'
import type { LogEvent } from '@ropewalk/core/log'
import { Resource, Site } from '@ropewalk/http'
import { type WebSocketClosed, type WebSocketOptions, WebSocketProtocol } from '@ropewalk/websocket'
import { WebSocketResource } from '@ropewalk/websocket'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { hasHAProxy, hasNginx, Proxy } from './proxy.ts'

/** How long a proxy waits for traffic. */
const PROXY_MS = 1000

/** A site with one WebSocket for each of some options. */
class Backend {
  readonly logged: LogEvent[] = []
  /** How its WebSockets ended. Each test takes the one it has opened. */
  readonly closed: WebSocketClosed[] = []
  readonly #reactor = createReactor({ log: (event) => this.logged.push(event) })
  port = 0
  #running: Promise<unknown> = Promise.resolve()

  async start(): Promise<void> {
    const { closed } = this
    class Counting extends WebSocketProtocol {
      override connectionLost(reason: WebSocketClosed): void {
        closed.push(reason)
      }
    }
    const root = new Resource()
    const put = (name: string, options: Partial<WebSocketOptions>): unknown =>
      root.putChild(name, WebSocketResource.forProtocol(Counting, options))
    put('pings', { pingIntervalMs: PROXY_MS / 4 })
    put('none', { pingIntervalMs: Infinity })
    const listening = await this.#reactor.listenTCP(0, new Site(root), { interface: '127.0.0.1' })
    this.port = listening.getHost().port
    this.#running = this.#reactor.run({ installSignalHandlers: false })
  }

  async stop(): Promise<void> {
    await this.#reactor.stop()
    await this.#running
  }
}

const nginxConfig = (backend: Backend, port: number | undefined): string => `
daemon off;
master_process off;
pid DIR/pid;
events { worker_connections 256; }
http {
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path DIR/${name};`).join('\n  ')}
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${backend.port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
      proxy_read_timeout ${PROXY_MS}ms;
    }
  }
}`

const haproxyConfig = (backend: Backend, port: number | undefined): string => `
global
  nbthread 1
  maxconn 100
defaults
  mode http
  timeout connect 10s
  timeout client ${PROXY_MS}ms
  timeout server ${PROXY_MS}ms
  timeout tunnel ${PROXY_MS}ms
listen http
  bind 127.0.0.1:${port}
  server site 127.0.0.1:${backend.port}
`

describe.each([
  ['nginx', hasNginx, nginxConfig],
  ['haproxy', hasHAProxy, haproxyConfig],
] as const)('a WebSocket behind %s, which cuts idle connections', (kind, isThere, config) => {
  const backend = new Backend()
  let proxy: Proxy | undefined

  beforeAll(async () => {
    await backend.start()
    if (isThere) proxy = await Proxy.start(kind, ['http'], (ports) => config(backend, ports['http']))
  })
  afterAll(async () => {
    await proxy?.stop()
    await backend.stop()
  })

  async function open(path: string): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${proxy?.ports['http']}/${path}`)
    await once(socket, 'open')
    return socket
  }

  test.skipIf(!isThere)('stays open with pings, although nothing is sent', async () => {
    const socket = await open('pings')
    const begun = performance.now()
    while (performance.now() - begun < 2 * PROXY_MS) await once(socket, 'ping')
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.close(1000)
    expect((await once(socket, 'close'))[0]).toBe(1000)
    // The proxy passes on the end of the connection later than the close frame.
    await expect.poll(() => backend.closed.shift()).toMatchObject({ code: 1000, wasClean: true })
  })

  test.skipIf(!isThere)('stays open without pings while only one side sends', async () => {
    const socket = await open('none')
    const begun = performance.now()
    const sending = setInterval(() => socket.send('x'), PROXY_MS / 20)
    await expect.poll(() => performance.now() - begun, { timeout: 10_000 }).toBeGreaterThan(2 * PROXY_MS)
    clearInterval(sending)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.close(1000)
    expect((await once(socket, 'close'))[0]).toBe(1000)
    await expect.poll(() => backend.closed.shift()).toMatchObject({ code: 1000, wasClean: true })
  })

  test.skipIf(!isThere)('is cut without pings, which ends it without a close frame', async () => {
    const socket = await open('none')
    expect((await once(socket, 'close'))[0]).toBe(1006)
    await expect
      .poll(() => backend.closed.shift())
      .toMatchObject({ code: 1006, closedBy: 'neither', wasClean: false })
  })

  test.skipIf(!isThere)('logs nothing of this', () => {
    expect(backend.logged.filter(({ level }) => level !== 'info' && level !== 'debug')).toEqual([])
  })
})
