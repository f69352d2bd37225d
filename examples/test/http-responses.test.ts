import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { type ListeningPort, reactor, type TCPAddress } from '@ropewalk/core'
import { NOT_DONE_YET, type Request, Resource, sendRanges, Site } from '@ropewalk/http'
import { compressed } from '@ropewalk/http/resources'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, hasChromium, hasCurl } from './other-clients.ts'

const run = promisify(execFile)

const TEXT = Array.from({ length: 40_000 }, (_, at) => `line ${at} ${(at * 7919) % 10_007}`).join('\n')

class Long extends Resource {
  override render_GET(request: Request) {
    request.setHeader('Content-Type', 'text/plain')
    return request.setETag('v1') ? NOT_DONE_YET : TEXT
  }
}

class Part extends Resource {
  override async render_GET(request: Request) {
    request.setHeader('Content-Type', 'text/plain')
    await sendRanges(request, Buffer.from(TEXT))
    return NOT_DONE_YET
  }
}

class Hinted extends Resource {
  override render_GET(request: Request) {
    request.writeEarlyHints('</style.css>; rel=preload; as=style')
    request.setTrailer('Server-Timing', () => `sent;desc="${request.sentLength}"`)
    request.write('hello')
    request.finish()
    return NOT_DONE_YET
  }
}

/** Counts on from the last event that the client has, and closes after three. */
class Counter extends Resource {
  override render_GET(request: Request) {
    const events = request.eventStream()
    const from = Number(events.lastEventId ?? 0)
    events.send({ retryMs: 50 })
    for (let at = from + 1; at <= from + 3; at++)
      events.send({ event: 'count', data: `${at}\nof many`, id: String(at) })
    events.close()
    return NOT_DONE_YET
  }
}

/** Endless text that hardly becomes shorter, and how much of it was made. */
class Endless extends Resource {
  madeBytes = 0

  override async *render_GET(request: Request) {
    request.setHeader('Content-Type', 'text/plain')
    for (;;) {
      this.madeBytes += 16_384
      yield reactor.randomBytes(16_384)
    }
  }
}

class Page extends Resource {
  override render_GET() {
    return '<!doctype html><title>A page</title>'
  }
}

let port: ListeningPort<TCPAddress>
let url: string
const endless = new Endless()
beforeAll(async () => {
  const root = new Resource()
  root.putChild('', new Page())
  root.putChild('long', new Long())
  root.putChild('part', new Part())
  root.putChild('hinted', new Hinted())
  root.putChild('counter', new Counter())
  root.putChild('endless', endless)
  port = await reactor.listenTCP(0, new Site(compressed(root)), { interface: '127.0.0.1' })
  url = `http://127.0.0.1:${port.getHost().port}`
})
afterAll(() => port.stopListening())

async function text(response: IncomingMessage): Promise<string> {
  let body = ''
  for await (const piece of response.setEncoding('utf8')) body += String(piece)
  return body
}

describe('a compressed response', () => {
  test.skipIf(!hasCurl).each(['gzip', 'br'])('is decoded by curl: %s', async (coding) => {
    const { stdout } = await run('curl', [
      '-sS',
      '-i',
      '--compressed',
      '-H',
      `Accept-Encoding: ${coding}`,
      `${url}/long`,
    ])
    const [head = '', body] = stdout.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`\\r\\nContent-Encoding: ${coding}\\r\\n`))
    expect(head).toMatch(/\r\nETag: W\/"v1"\r\n/)
    expect(body).toBe(TEXT)
  })

  test("is decoded by Node's fetch, also for a client that offers every coding", async () => {
    for (const accept of ['gzip, deflate, br', 'gzip, deflate', 'identity']) {
      const response = await fetch(`${url}/long`, { headers: { 'Accept-Encoding': accept } })
      expect(await response.text()).toBe(TEXT)
    }
  })

  test('is not sent again to a client that has it', async () => {
    const response = await fetch(`${url}/long`, { headers: { 'If-None-Match': 'W/"v1"' } })
    expect([response.status, await response.text()]).toEqual([304, ''])
  })

  test('keeps memory bounded for 50 clients that read nothing', { timeout: 60_000 }, async () => {
    const before = process.memoryUsage().rss
    const sockets: Socket[] = []
    for (let count = 0; count < 50; count++) {
      const socket = connect(port.getHost().port, '127.0.0.1').pause()
      await once(socket, 'connect')
      socket.write('GET /endless HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n')
      sockets.push(socket)
    }
    // The system's buffers fill, then nothing more is made.
    let made = -1
    while (made !== endless.madeBytes) {
      made = endless.madeBytes
      await new Promise<void>((resolve) => reactor.callLater(300, () => resolve()))
    }
    // 0.3 MiB for a coder, and 0.2 MiB for each queue before and after it.
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 * 1024 * 1024)
    for (const socket of sockets) socket.destroy()
  })
})

describe('ranges', () => {
  test.skipIf(!hasCurl)('are sent to curl, one or several', async () => {
    const one = await run('curl', ['-sS', '-r', '10-19', `${url}/part`])
    expect(one.stdout).toBe(TEXT.slice(10, 20))
    const several = await run('curl', ['-sS', '-i', '-r', '0-9,1000-1009', `${url}/part`])
    expect(several.stdout).toMatch(/^HTTP\/1\.1 206 [^]*multipart\/byteranges; boundary=/)
    expect(several.stdout).toContain(`\r\n\r\n${TEXT.slice(1000, 1010)}\r\n--`)
  })

  test.skipIf(!hasCurl)('let curl continue a download', async () => {
    const { stdout } = await run('curl', ['-sS', '-C', '100000', '-o', '-', `${url}/part`])
    expect(stdout).toBe(TEXT.slice(100_000))
  })
})

test("early hints and trailers are read by Node's client", async () => {
  const request = get(`${url}/hinted`, { headers: { TE: 'trailers', Connection: 'TE' } })
  const hints = once(request, 'information') as Promise<[{ statusCode: number; headers: { link: string } }]>
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  expect(await text(response)).toBe('hello')
  const [{ statusCode, headers }] = await hints
  expect([statusCode, headers.link]).toEqual([103, '</style.css>; rel=preload; as=style'])
  expect(response.trailers).toEqual({ 'server-timing': 'sent;desc="5"' })
})

describe.skipIf(!hasChromium)('EventSource in a browser', { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(() => browser.close())

  test('gets every event, and connects again with the id of the last one', async () => {
    const page = await browser.newPage()
    await page.goto(url)
    const counted = await page.evaluate(`new Promise((resolve) => {
      const seen = []
      const source = new EventSource('/counter')
      source.addEventListener('count', ({ data, lastEventId }) => {
        seen.push([data, lastEventId])
        if (seen.length === 7) { source.close(); resolve(seen) }
      })
    })`)
    expect(counted).toEqual(Array.from({ length: 7 }, (_, at) => [`${at + 1}\nof many`, String(at + 1)]))
    await page.close()
  })
})
