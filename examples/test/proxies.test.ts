import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReactor } from '@ropewalk/core'
import type { LogEvent } from '@ropewalk/core/log'
import {
  combinedLog,
  type EventStream,
  type FinishedRequest,
  NOT_DONE_YET,
  type Request,
  Resource,
  Site,
} from '@ropewalk/http'
import { compressed } from '@ropewalk/http/resources'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CERTIFICATE_FILE, curl, hasCurl, KEY_FILE } from './parties.ts'
import { hasHAProxy, hasNginx, Proxy } from './proxy.ts'

/** The address of a client. Proxies have others, so that a confusion is seen. */
const CLIENT = '127.0.0.2'
/** The addresses from which proxies connect. */
const [NGINX, HAPROXY, CHECKER, STRANGER] = ['127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6']

/** The names of files in the directory of the backend. */
const [PEM, LARGE] = ['certificate.pem', 'large.bin']
const large = randomBytes(20_000_000)
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A site on a TCP port and a UNIX socket, with its connections, its access log and its streams of events. */
class Backend {
  readonly scratch: string = mkdtempSync(join(tmpdir(), 'ropewalk-proxied-'))
  readonly path: string = join(this.scratch, 'site')
  readonly logged: LogEvent[] = []
  readonly finished: FinishedRequest[] = []
  readonly lines: string[] = []
  readonly streams: EventStream[] = []
  /** From where each connection came: an address, or `unix`. */
  readonly connections: string[] = []
  port = 0
  readonly #reactor = createReactor({ log: (event) => this.logged.push(event) })
  #running: Promise<unknown> = Promise.resolve()

  async start(): Promise<void> {
    writeFileSync(
      join(this.scratch, PEM),
      readFileSync(CERTIFICATE_FILE, 'utf8') + readFileSync(KEY_FILE, 'utf8'),
    )
    writeFileSync(join(this.scratch, LARGE), large)
    const { connections } = this
    class CountedSite extends Site {
      override buildProtocol(...args: Parameters<Site['buildProtocol']>): ReturnType<Site['buildProtocol']> {
        connections.push(args[0].type === 'UNIX' ? 'unix' : args[0].host)
        return super.buildProtocol(...args)
      }
    }
    const log = combinedLog((line) => this.lines.push(line.trimEnd()))
    const site = new CountedSite(compressed(this.#resources()), {
      trustedProxies: ['unix', NGINX, HAPROXY],
      hosts: ['example.test'],
      accessLog: (finished) => {
        this.finished.push(finished)
        log(finished)
      },
    })
    const listening = await this.#reactor.listenTCP(0, site, { interface: '127.0.0.1' })
    await this.#reactor.listenUNIX(this.path, site)
    this.port = listening.getHost().port
    this.#running = this.#reactor.run({ installSignalHandlers: false })
  }

  /** The connections from an address since `from`, a length of `connections`. */
  connectionsOf(address: string, from: number): number {
    return this.connections.slice(from).filter((other) => other === address).length
  }

  async stop(): Promise<void> {
    await this.#reactor.stop()
    await this.#running
    rmSync(this.scratch, { recursive: true })
  }

  #resources(): Resource {
    const root = new Resource()
    root.route('GET /', () => 'home')
    root.route('GET /about', (request) => {
      const client = request.getClientAddress()
      return { client: client.type === 'TCP' ? client.host : client.type, secure: request.isSecure() }
    })
    root.route('GET /events', (request) => {
      this.streams.push(request.eventStream())
      return NOT_DONE_YET
    })
    root.route('POST /form', (request) => this.#saved(request))
    root.route('PUT /body', async (request) => {
      const hash = createHash('sha256')
      request.limitBody(100_000_000)
      for await (const piece of request.body) hash.update(piece)
      return hash.digest('hex')
    })
    root.route('PUT /small', (request) => request.body.text({ maxBytes: 10 }))
    return root
  }

  async #saved(request: Request): Promise<readonly string[]> {
    request.limitBody(100_000_000)
    const parts: string[] = []
    for await (const part of request.body.parts()) {
      if (part.filename === undefined) parts.push(`${part.name}=${await part.text()}`)
      else {
        const { filename, path } = await part.saveTo(this.scratch)
        parts.push(`${filename}=${digest(await readFile(path))}`)
      }
    }
    return parts
  }
}

const TRUSTED_HEADERS = `
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host example.test;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header Forwarded "";`

function nginxConfig(backend: Backend, ports: Readonly<Record<string, number>>): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
master_process off;
pid DIR/pid;
events { worker_connections 256; }
http {
  ${temporary.map((name) => `${name}_temp_path DIR/${name};`).join('\n  ')}
  access_log DIR/access.log combined;
  client_max_body_size 0;
  upstream site { server unix:${backend.path}; keepalive 4; }
  upstream port { server 127.0.0.1:${backend.port}; keepalive 4; }
  # Connections that are kept are shared among the servers of nginx, from whatever address they were made.
  upstream port_for_stranger { server 127.0.0.1:${backend.port}; }
  ${TRUSTED_HEADERS}
  server { listen 127.0.0.1:${ports['http']}; location / { proxy_pass http://site; } }
  server {
    listen 127.0.0.1:${ports['https']} ssl;
    ssl_certificate ${CERTIFICATE_FILE};
    ssl_certificate_key ${KEY_FILE};
    location / { proxy_pass http://port; proxy_bind ${NGINX}; proxy_request_buffering off; }
  }
  server {
    listen 127.0.0.1:${ports['stranger']};
    location / { proxy_pass http://port_for_stranger; proxy_bind ${STRANGER}; }
  }
}`
}

const STATED = `  http-request del-header Forwarded
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header Host example.test`

function haproxyConfig(
  backend: Backend,
  ports: Readonly<Record<string, number>>,
  nginx: number | undefined,
): string {
  const direct = `server site 127.0.0.1:${backend.port} source ${HAPROXY}`
  const chained = nginx === undefined ? '' : `server nginx 127.0.0.1:${nginx} source ${HAPROXY}`
  return `
global
  # Each thread has connections of its own to the site.
  nbthread 1
  maxconn 100
defaults
  mode http
  timeout connect 10s
  timeout client 10s
  timeout server 10s
  timeout check 10s
  option abortonclose
  option forwardfor
  http-reuse always
listen http
${STATED}
  bind 127.0.0.1:${ports['http']}
  ${direct}
listen https
${STATED}
  bind 127.0.0.1:${ports['https']} ssl crt ${join(backend.scratch, PEM)}
  ${direct}
listen chained
${STATED}
  bind 127.0.0.1:${ports['chained']}
  ${chained}
listen checked
${STATED}
  bind 127.0.0.1:${ports['checked']}
  option httpchk
  http-check send meth GET uri / ver HTTP/1.1 hdr Host example.test
  http-check expect string home
  server site 127.0.0.1:${backend.port} source ${CHECKER} check inter 100ms fall 1
`
}

describe.skipIf(!hasCurl)('a site behind a proxy', { timeout: 20_000 }, () => {
  const backend = new Backend()
  let nginx: Proxy | undefined
  let haproxy: Proxy | undefined

  beforeAll(async () => {
    await backend.start()
    if (hasNginx) {
      const names = ['http', 'https', 'stranger']
      nginx = await Proxy.start('nginx', names, (ports) => nginxConfig(backend, ports))
    }
    if (hasHAProxy) {
      const names = ['http', 'https', 'chained', 'checked']
      haproxy = await Proxy.start('haproxy', names, (ports) =>
        haproxyConfig(backend, ports, nginx?.ports['http']),
      )
    }
  })
  afterAll(async () => {
    await haproxy?.stop()
    await nginx?.stop()
    await backend.stop()
  })

  const port = (proxy: Proxy | undefined, name: string): number => proxy?.ports[name] ?? 0
  const about = async (url: string, ...args: readonly string[]): Promise<unknown> =>
    JSON.parse(await curl('--interface', CLIENT, ...args, `${url}/about`))
  const FORGED = [
    'X-Forwarded-For: 198.51.100.1',
    'X-Forwarded-Proto: https',
    'Forwarded: for=198.51.100.1;proto=https',
  ].flatMap((field) => ['-H', field])

  test('believes no header of a client that connects itself', async () => {
    const url = `http://127.0.0.1:${backend.port}`
    const host = ['-H', 'Host: example.test']
    expect(await about(url, ...host)).toEqual({ client: CLIENT, secure: false })
    expect(await about(url, ...host, ...FORGED)).toEqual({ client: CLIENT, secure: false })
  })

  describe.each([
    ['nginx', hasNginx, () => nginx, 'unix'],
    ['haproxy', hasHAProxy, () => haproxy, HAPROXY],
  ] as const)('%s', (_name, isThere, proxyOf, source) => {
    const plain = (): string => `http://127.0.0.1:${port(proxyOf(), 'http')}`
    const secure = (): string => `https://127.0.0.1:${port(proxyOf(), 'https')}`

    test.skipIf(!isThere)('keeps its connection to the site for many of its clients', async () => {
      const before = backend.connections.length
      const urls = Array.from({ length: 20 }, () => `${plain()}/`)
      const output = await curl('-H', 'Connection: close', '-w', '%{num_connects};', ...urls)
      expect(output).toBe('home1;'.repeat(20))
      // A client may come before the proxy has put the connection of the one before it back.
      expect(backend.connectionsOf(source, before)).toBeLessThanOrEqual(2)
    })

    test.skipIf(!isThere)('states the client and its scheme, whatever the client states', async () => {
      for (const forged of [[], FORGED]) {
        expect(await about(plain(), ...forged)).toEqual({ client: CLIENT, secure: false })
        expect(await about(secure(), ...forged)).toEqual({ client: CLIENT, secure: true })
      }
    })

    test.skipIf(!isThere).each(['identity', 'gzip'])('passes on each event at once: %s', async (coding) => {
      const streams = backend.streams.length
      const leaving = new AbortController()
      const headers = { 'Accept-Encoding': coding }
      const response = await fetch(`${plain()}/events`, { headers, signal: leaving.signal })
      expect(response.headers.get('content-encoding') ?? 'identity').toBe(coding)
      const stream = backend.streams[streams]
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      let seen = ''
      for (let at = 1; at <= 5; at++) {
        stream?.send(`event ${at}`)
        while (!seen.includes(`data: event ${at}\n\n`)) {
          const piece = await reader?.read()
          if (piece?.value === undefined) throw new Error(`The stream has ended after ${seen}`)
          seen += piece.value
        }
      }
      expect(stream?.signal.aborted).toBe(false)
      leaving.abort()
      await expect.poll(() => stream?.signal.aborted, { timeout: 10_000 }).toBe(true)
      // Complete after a FIN, aborted after a reset: which one the proxy sends is up to it.
      const ended = (): number => backend.finished.filter(({ request }) => request?.path === '/events').length
      await expect.poll(ended).toBe(streams + 1)
    })

    test.skipIf(!isThere)('passes on uploads: a form, a body with a length, a body in chunks', async () => {
      const path = join(backend.scratch, LARGE)
      for (const url of [plain(), secure()]) {
        const form = await curl('-F', 'text=x', '-F', `file=@${path}`, `${url}/form`)
        expect(JSON.parse(form)).toEqual(['text=x', `${LARGE}=${digest(large)}`])
        expect(await curl('-T', path, `${url}/body`)).toBe(digest(large))
        expect(await curl('-T', path, '-H', 'Transfer-Encoding: chunked', `${url}/body`)).toBe(digest(large))
      }
      await expect.poll(() => readdir(backend.scratch)).toHaveLength(3)
    })

    test.skipIf(!isThere)('passes on the refusal of a body that is too long', async () => {
      const path = join(backend.scratch, LARGE)
      const args = ['-o', '/dev/null', '-w', '%{http_code}', '-T', path]
      for (const url of [plain(), secure()]) expect(await curl(...args, `${url}/small`)).toBe('413')
    })

    test.skipIf(!isThere)('logs the address of the client', async () => {
      const agent = `logged of ${source}`
      await curl('--interface', CLIENT, '-A', agent, `${secure()}/none`)
      const line = (): string | undefined => backend.lines.find((candidate) => candidate.includes(agent))
      await expect
        .poll(line)
        .toMatch(
          /^127\.0\.0\.2 - - \[.*\] "GET \/none HTTP\/1\.1" 404 \d+ "-" "logged of [a-z\d.]+" \d\.\d{3} complete$/,
        )
    })
  })

  describe('nginx', () => {
    test.skipIf(!hasNginx)('is not believed at an address that is not trusted', async () => {
      const url = `http://127.0.0.1:${port(nginx, 'stranger')}`
      expect(await about(url, ...FORGED)).toEqual({ client: STRANGER, secure: false })
    })

    test.skipIf(!hasNginx)('writes the same line to its log in the combined format', async () => {
      const args = ['-A', 'a"b\\c\td', '-e', 'http://from.example/ü']
      await curl('--interface', CLIENT, ...args, `http://127.0.0.1:${port(nginx, 'http')}/?a=%22&b`)
      const of = (lines: readonly string[]): string | undefined =>
        lines.find((line) => line.includes('from.example'))
      await expect.poll(() => of(backend.lines)).toBeDefined()
      await expect.poll(() => nginx?.read('access.log')).toContain('from.example')
      const [ours, theirs] = [of(backend.lines), of(nginx?.read('access.log').split('\n') ?? [])]
      expect(comparable(ours?.replace(/ \d\.\d{3} complete$/, ''))).toBe(comparable(theirs))
      expect(theirs).toMatch(TIME)
      expect(ours).toMatch(TIME)
    })

    test.skipIf(!hasNginx || !hasHAProxy)('behind haproxy names the client of haproxy', async () => {
      for (const forged of [[], FORGED]) {
        const url = `http://127.0.0.1:${port(haproxy, 'chained')}`
        expect(await about(url, ...forged)).toMatchObject({ client: CLIENT })
      }
    })
  })

  test.skipIf(!hasHAProxy)('passes the health checks of haproxy', async () => {
    const checks = (): readonly FinishedRequest[] =>
      backend.finished.filter(({ client }) => client.type === 'TCP' && client.host === CHECKER)
    await expect.poll(() => checks().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3)
    for (const { status, outcome } of checks()) expect([status, outcome]).toEqual([200, 'complete'])
    expect(await curl(`http://127.0.0.1:${port(haproxy, 'checked')}/`)).toBe('home')
  })

  test('logs no warning and no error for any of this, nor do the proxies', () => {
    expect(backend.logged.filter(({ level }) => level !== 'info' && level !== 'debug')).toEqual([])
    const warnings = `${nginx?.errors}${haproxy?.errors}`
      .split('\n')
      .filter((line) => /\[(?!NOTICE)/.test(line))
    expect(warnings).toEqual([])
  })
})

/** The time of a line in the combined format. */
const TIME = /\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]/

/** A line without its time. nginx writes escapes in capitals, Apache and we do not. */
function comparable(line: string = ''): string {
  return line.replace(TIME, '').replaceAll(/\\x../g, (escape) => escape.toLowerCase())
}
