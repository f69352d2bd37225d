import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createReactor } from '@ropewalk/core'
import type { LogEvent } from '@ropewalk/core/log'
import { type Request, Resource, Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CERTIFICATE_FILE, CHROMIUM, curl, hasChromium, hasCurl, KEY_FILE } from './parties.ts'

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    this.transport.sendTextMessage(text)
  }
  override bytesMessageReceived(data: Buffer): void {
    this.transport.sendBytesMessage(data)
  }
}

/** Sends a message and closes: curl cannot send frames, but prints those it receives. */
class Greeting extends WebSocketProtocol {
  override negotiationFinished(): void {
    this.transport.sendTextMessage('hello')
    this.transport.loseConnection()
  }
}

/** A site that counts its connections. */
class CountedSite extends Site {
  connections = 0

  override buildProtocol(...args: Parameters<Site['buildProtocol']>): ReturnType<Site['buildProtocol']> {
    this.connections++
    return super.buildProtocol(...args)
  }
}

const CERTIFICATE = readFileSync(CERTIFICATE_FILE)
const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
].flatMap((field) => ['-H', field])

describe('pages and WebSockets of one site on one TLS port', { timeout: 20_000 }, () => {
  const logged: LogEvent[] = []
  const reactor = createReactor({ log: (event) => logged.push(event) })
  let site: CountedSite
  let port = 0
  let running: Promise<unknown>
  let stopped: Promise<unknown> | undefined

  beforeAll(async () => {
    const root = new Resource()
    root.route('GET /', () => '<!doctype html><title>One port</title><p>A page over TLS')
    root.route('GET /about', (request) => ({
      secure: request.isSecure(),
      host: request.getRequestAuthority(),
    }))
    root.route('POST /length', async (request: Request) => {
      return { bytes: (await request.body.bytes({ maxBytes: 1 << 21 })).length }
    })
    root.putChild('echo', WebSocketResource.forProtocol(Echo))
    root.putChild('greeting', WebSocketResource.forProtocol(Greeting, { closeTimeoutMs: 100 }))
    site = new CountedSite(root)
    const tls = { cert: CERTIFICATE, key: readFileSync(KEY_FILE) }
    const listening = await reactor.listenSSL(0, site, tls, { interface: '127.0.0.1' })
    port = listening.getHost().port
    running = reactor.run({ installSignalHandlers: false })
  })
  afterAll(async () => {
    await (stopped ?? reactor.stop())
    await running
  })

  describe.skipIf(!hasCurl)('to curl', () => {
    test('serves several requests on one connection, and chooses HTTP/1.1 though curl offers HTTP/2', async () => {
      const before = site.connections
      const url = `https://localhost:${port}`
      const urls = [`${url}/about`, `${url}/about`, `${url}/none`]
      const outputs = ['-o', '/dev/null', '-o', '-', '-o', '/dev/null']
      const output = await curl('--http2', '-w', ' %{http_version} %{num_connects}\n', ...urls, ...outputs)
      expect(output).toBe(` 1.1 1\n{"secure":true,"host":"localhost:${port}"} 1.1 0\n 1.1 0\n`)
      expect(site.connections - before).toBe(1)
    })

    test('upgrades on a connection that has served a page, and closes the WebSocket', async () => {
      const before = site.connections
      const url = `https://localhost:${port}`
      // curl does not reply to the close frame: after closeTimeoutMs the connection is aborted.
      const args = ['-i', ...HANDSHAKE, `${url}/about`, `${url}/greeting`]
      const output = await curl(...args).catch((error: { stdout: string }) => error.stdout)
      expect(output).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\}HTTP\/1\.1 101 Switching Protocols\r\n/)
      expect(output).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n')
      expect(output.slice(output.lastIndexOf('\r\n\r\n') + 4)).toMatch(/hello/)
      expect(site.connections - before).toBe(1)
    })

    test('refuses a handshake of another origin or scheme, and one without upgrade', async () => {
      const status = ['-o', '/dev/null', '-w', '%{http_code}']
      const url = `https://localhost:${port}/greeting`
      for (const origin of ['https://evil.example', `http://localhost:${port}`])
        expect(await curl(...status, ...HANDSHAKE, '-H', `Origin: ${origin}`, url)).toBe('403')
      expect(await curl(...status, url)).toBe('426')
    })
  })

  describe.skipIf(!hasChromium)('to Chromium', () => {
    let browser: Browser

    beforeAll(async () => {
      // Only this key is accepted, for every name: the certificate is signed by itself.
      const spki = new X509Certificate(CERTIFICATE).publicKey.export({ type: 'spki', format: 'der' })
      const hash = createHash('sha256').update(spki).digest('base64')
      const args = ['--no-sandbox', '--disable-gpu', `--ignore-certificate-errors-spki-list=${hash}`]
      browser = await chromium.launch({ executablePath: CHROMIUM, args })
    })
    afterAll(() => browser.close())

    async function open(host: string): Promise<Page> {
      const page = await browser.newPage()
      await page.goto(`https://${host}:${port}/`)
      expect(await page.locator('p').textContent()).toBe('A page over TLS')
      return page
    }

    test('serves a page, its fetches and its WebSocket', async () => {
      const page = await open('localhost')
      expect(await page.evaluate('isSecureContext')).toBe(true)
      expect(await page.evaluate(`fetch('/about').then((response) => response.json())`)).toEqual({
        secure: true,
        host: `localhost:${port}`,
      })
      const posted = `fetch('/length', { method: 'POST', body: new Uint8Array(2 ** 20) }).then((response) => response.json())`
      expect(await page.evaluate(posted)).toEqual({ bytes: 1 << 20 })
      expect(await page.evaluate(ECHO)).toEqual(['Grüße 😀', 1 << 20, 'fetched meanwhile', 1000])
      await page.close()
    })

    test('refuses the WebSocket of a page of another origin', async () => {
      const page = await open('127.0.0.1')
      const opened = `new Promise((resolve) => {
        const socket = new WebSocket('wss://localhost:${port}/echo')
        socket.onopen = () => resolve('open')
        socket.onclose = ({ code }) => resolve(code)
      })`
      expect(await page.evaluate(opened)).toBe(1006)
      await page.close()
    })

    test('closes the WebSocket with 1001 when the reactor stops', async () => {
      const page = await open('localhost')
      await page.evaluate(`new Promise((resolve) => {
        const socket = new WebSocket('wss://' + location.host + '/echo')
        socket.onopen = resolve
        closing = new Promise((resolve) => (socket.onclose = ({ code }) => resolve(code)))
      })`)
      stopped = reactor.stop()
      expect(await page.evaluate('closing')).toBe(1001)
      await stopped
      await page.close()
    })
  })

  test('logs no warning and no error for any of this', () => {
    expect(logged.filter(({ level }) => level !== 'info' && level !== 'debug')).toEqual([])
  })
})

/** Echoes text and bytes; fetches while the WebSocket is open; closes. */
const ECHO = `(async () => {
  const socket = new WebSocket('wss://' + location.host + '/echo')
  socket.binaryType = 'arraybuffer'
  const next = (name) => new Promise((resolve, reject) => {
    socket.addEventListener(name, resolve, { once: true })
    socket.addEventListener('error', () => reject(new Error('The WebSocket failed')), { once: true })
  })
  await next('open')
  socket.send('Grüße 😀')
  const { data: text } = await next('message')
  const { status } = await fetch('/')
  socket.send(new Uint8Array(2 ** 20))
  const { data: bytes } = await next('message')
  socket.close(1000)
  const { code } = await next('close')
  return [text, bytes.byteLength, status === 200 ? 'fetched meanwhile' : status, code]
})()`
