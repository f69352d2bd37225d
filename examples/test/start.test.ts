import { createReactor } from '@ropewalk/core'
import type { LogEvent } from '@ropewalk/core/log'
import { MemoryReactor } from '@ropewalk/core/testing'
import { connectWebSocket, type ConnectedWebSocket } from '@ropewalk/websocket'
import { readFileSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startPage } from '../start.ts'
import { ExampleProcess } from './example-process.ts'
import { CHROMIUM, hasChromium } from './other-clients.ts'

/** A client of the page in memory, with the messages that it has received. */
class Client {
  readonly socket: ConnectedWebSocket
  readonly messages: Record<string, unknown>[] = []

  constructor(socket: ConnectedWebSocket) {
    this.socket = socket
    void this.#read()
  }

  /** The newest list of those present. */
  get names(): unknown {
    return this.messages.findLast(({ names }) => names !== undefined)?.['names']
  }

  /** The messages of guests. */
  get talk(): unknown[] {
    return this.messages.filter(({ from }) => from !== undefined)
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.socket) this.messages.push(JSON.parse(String(message)))
    } catch {
      // `socket.closed` has the code.
    }
  }
}

describe('start in memory', () => {
  let reactor: MemoryReactor
  beforeEach(async () => {
    reactor = new MemoryReactor()
    await reactor.listenTCP(80, startPage(reactor))
  })
  afterEach(() => {
    const errors = reactor.flushLoggedErrors()
    if (errors.length > 0) throw new AggregateError(errors, 'The server has logged errors')
  })

  async function settle(ms = 1): Promise<void> {
    reactor.advance(ms)
    await reactor.settle()
  }

  async function connect(path: string): Promise<ConnectedWebSocket> {
    const connecting = connectWebSocket(`ws://127.0.0.1${path}`, { reactor })
    await settle()
    return connecting
  }

  async function join(room: string, name: string): Promise<Client> {
    const client = new Client(await connect(`/rooms?${String(new URLSearchParams({ room, name }))}`))
    await settle()
    return client
  }

  test('passes messages to all guests of a room and no other, and lists those present', async () => {
    const [ann, bob, cleo] = [
      await join('tea', 'Ann'),
      await join('tea', 'Bob 😀'),
      await join('coffee', 'Cleo'),
    ]
    await ann.socket.send('<i>hello</i>')
    await ann.socket.send(' ')
    await settle()
    for (const { talk } of [ann, bob]) expect(talk).toEqual([{ from: 'Ann', text: '<i>hello</i>' }])
    expect([ann.names, bob.names]).toEqual(Array.from({ length: 2 }, () => ['Ann', 'Bob 😀']))
    expect([cleo.talk, cleo.names]).toEqual([[], ['Cleo']])
    void bob.socket.close()
    await settle()
    expect(ann.names).toEqual(['Ann'])
  })

  test.each([
    ['tea', ''],
    ['tea', ' Ann'],
    ['tea', 'x'.repeat(21)],
    ['tea', 'A\u202Enn'],
    ['', 'Ann'],
    ['t'.repeat(21), 'Ann'],
  ])('refuses the room "%s" with the name "%s" with 1008', async (room, name) => {
    const { socket } = await join(room, name)
    const { code, reason } = await socket.closed
    expect([code, reason]).toEqual([1008, 'Rooms and names have 1 to 20 characters'])
  })

  test('accepts 20 characters outside the basic plane as a name', async () => {
    const { names } = await join('😀'.repeat(20), '😀'.repeat(20))
    expect(names).toEqual(['😀'.repeat(20)])
  })

  test('closes with 1013 for the guest after the 100th, and reports the newest 100 of all connections', async () => {
    const guests: Client[] = []
    for (let at = 0; at < 100; at++) guests.push(await join('tea', `Guest ${at}`))
    expect((await (await join('tea', 'Late')).socket.closed).code).toBe(1013)
    expect(guests[0]?.names).toHaveLength(100)
    const reader = new Client(await connect('/connections'))
    await settle()
    const report = reader.messages.at(-1) as { total: number; connections: { protocol: string }[] }
    expect([report.total, report.connections.length]).toEqual([101, 100])
    expect(report.connections[0]?.protocol).toBe('WebSocket /connections')
  })

  test.each(['/rooms?room=tea&name=Ann', '/echo', '/connections'])(
    'closes %s with 1009 for a message of more than 2000 bytes',
    async (path) => {
      const client = new Client(await connect(path))
      await client.socket.send('x'.repeat(2001))
      await settle()
      expect((await client.socket.closed).code).toBe(1009)
    },
  )

  test('echoes text and bytes', async () => {
    const socket = await connect('/echo')
    await socket.send('Grüße 😀')
    await socket.send(Buffer.of(0, 255))
    const received = [socket.receive(), socket.receive()]
    await settle()
    expect(await Promise.all(received)).toEqual(['Grüße 😀', Buffer.of(0, 255)])
  })

  test('reports once a second to its readers, with the bytes and round trips that have changed', async () => {
    const echo = await connect('/echo')
    const reader = new Client(await connect('/connections'))
    await settle()
    await echo.send('x'.repeat(1000))
    for (let second = 0; second < 3; second++) await settle(1000)
    const rows = reader.messages.map(({ connections }) => (connections as Record<string, unknown>[])[1])
    expect(rows).toHaveLength(4)
    expect(rows.map((row) => row?.['protocol'])).toEqual(rows.map(() => 'WebSocket /echo'))
    const [first, last] = [rows[0], rows.at(-1)]
    expect(first?.['roundTripMs']).toBeUndefined()
    expect(last?.['roundTripMs']).toBeTypeOf('number')
    expect(Number(last?.['receivedBytes']) - Number(first?.['receivedBytes'])).toBeGreaterThan(1000)
    expect(last?.['peer']).toBe(first?.['peer'])
    void reader.socket.close()
    void echo.close()
    await settle(60_000)
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('lets a guest who does not read miss messages, and sends how many', async () => {
    const slow = await connect('/rooms?room=tea&name=Slow')
    const ann = await join('tea', 'Ann')
    const count = 400
    for (let at = 0; at < count; at++) {
      await ann.socket.send(`${at} ${'x'.repeat(1900)}`)
      await settle(100)
    }
    expect(ann.talk).toHaveLength(count)
    const reader = new Client(slow)
    await settle()
    const missed = reader.messages
      .map((message) => Number(message['missed'] ?? 0))
      .reduce((sum, one) => sum + one, 0)
    expect(missed).toBeGreaterThan(0)
    expect(reader.talk.length + missed).toBe(count)
  })

  test('closes every WebSocket with 1001 when the reactor stops', async () => {
    const clients = [
      await join('tea', 'Ann'),
      new Client(await connect('/echo')),
      new Client(await connect('/connections')),
    ]
    const ran = reactor.run()
    await settle()
    void reactor.stop()
    await settle()
    for (const { socket } of clients) expect((await socket.closed).code).toBe(1001)
    await ran
  })
})

describe('start as a program', () => {
  test('serves its page at a port number alone, and suggests another port when that is in use', async () => {
    const example = await ExampleProcess.startWith('start', ['0'])
    expect(example.output).toMatch(
      /^Open http:\/\/127\.0\.0\.1:\d+\/ in a browser\. Press Ctrl-C to stop\.\n$/,
    )
    const page = await fetch(`http://127.0.0.1:${example.port}/`)
    expect(page.headers.get('Content-Security-Policy')).toMatch(/^default-src 'self';(?!.*unsafe)/)
    expect(await page.text()).toContain('<title>Ropewalk</title>')
    const { code, errors } = await ExampleProcess.run('start', String(example.port))
    expect([code, errors]).toEqual([
      2,
      `Cannot listen on 127.0.0.1:${example.port}: the address is in use (EADDRINUSE). Choose another port: npm start -- 9000\n`,
    ])
    await example.finish()
  })

  test('prints a localhost URL for a wildcard address, and one line about wrong arguments', async () => {
    const [example, { code, errors }] = await Promise.all([
      ExampleProcess.startWith('start', ['tcp:0']),
      ExampleProcess.run('start', '--nonsense'),
    ])
    expect(example.output).toMatch(/^Open http:\/\/localhost:\d+\/ in a browser/)
    expect([code, errors.trim().split('\n').length]).toEqual([2, 1])
    await example.finish()
  })
})

/** What `least-contrast.js` returns. */
interface Contrast {
  readonly background: string
  readonly least: { readonly ratio: number; readonly text: string }
}

const LEAST_CONTRAST = readFileSync(new URL('least-contrast.js', import.meta.url), 'utf8')

/** How long a page may take on a machine under load. */
const PATIENT = { timeout: 10_000 }

/** The page on a port of loopback. */
class Server {
  readonly #reactor = createReactor({ log: (event) => void this.faults.push(...faultsOf(event)) })
  readonly faults: unknown[] = []
  port = 0
  #ran: Promise<unknown> = Promise.resolve()

  static async start(port = 0): Promise<Server> {
    const server = new Server()
    const options = { interface: '127.0.0.1' }
    const listening = await server.#reactor.listenTCP(port, startPage(server.#reactor), options)
    server.port = listening.getHost().port
    server.#ran = server.#reactor.run({ installSignalHandlers: false })
    return server
  }

  async stop(): Promise<void> {
    void this.#reactor.stop()
    await this.#ran
    if (this.faults.length > 0) throw new AggregateError(this.faults, 'The server has logged faults')
  }
}

function faultsOf({ level, text, error }: LogEvent): readonly unknown[] {
  return level === 'error' || level === 'warn' ? [error ?? text] : []
}

describe.skipIf(!hasChromium)('start in a browser', { timeout: 60_000 }, () => {
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
  let browser: Browser
  let contexts: BrowserContext[]
  let server: Server
  /** What the pages have logged to their consoles, errors among them. */
  let logged: string[]
  /** The addresses that the pages have requested. */
  let requested: string[]

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args })
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    server = await Server.start()
    contexts = []
    logged = []
    requested = []
  })
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()))
    await server.stop()
  })

  /** Opens the page in a window of its own: a browser slows down those in the background. */
  async function open(width = 1100, height = 700): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height } })
    contexts.push(context)
    context.on('console', (message) => logged.push(message.text()))
    context.on('weberror', (error) => logged.push(error.error().message))
    context.on('request', (request) => requested.push(new URL(request.url()).host))
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${server.port}/`)
    return page
  }

  async function join(page: Page, name: string): Promise<void> {
    await page.getByLabel('Name').fill(name)
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByText(`You are in tea as ${name}.`).waitFor()
  }

  async function write(page: Page, text: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(text)
    await page.getByRole('button', { name: 'Send' }).click()
  }

  const talk = (page: Page) => page.getByRole('log', { name: 'Messages' }).locator('li')
  const rows = (page: Page) => page.locator('#rows tr')

  test('two pages chat, echo, and show the connections, whose numbers change', async () => {
    const [ann, bob] = await Promise.all([open(), open()])
    await join(ann, 'Ann')
    await join(bob, 'Bob <b>')
    const text = '<img src=x onerror="document.title=1"> & <script>1</script>'
    await write(ann, text)
    await talk(bob).getByText(text).waitFor()
    expect(await talk(bob).allTextContents()).toEqual([`Ann ${text}`])
    expect(await bob.title()).toBe('Ropewalk')
    await ann.getByText('Ann, Bob <b>').waitFor()
    await ann.getByRole('button', { name: 'Echo' }).click()
    await ann
      .getByRole('log', { name: 'Echoes' })
      .getByText(/^\d+\.\d ms hello$/)
      .waitFor()

    const webSocketRows = rows(ann).filter({ hasText: 'WebSocket' })
    await expect.poll(() => webSocketRows.count(), PATIENT).toBe(6)
    const before = await webSocketRows.allTextContents()
    await expect.poll(() => webSocketRows.allTextContents(), PATIENT).not.toEqual(before)
    const measuredRows = rows(ann).filter({ hasText: /WebSocket.* B.* B\d+\.\d ms/ })
    await expect.poll(() => measuredRows.count(), PATIENT).toBe(6)
    expect(await ann.locator('#total').textContent()).toMatch(/^\d+ open$/)
    await bob.close()
    await ann.getByText('Present: Ann', { exact: true }).waitFor()
    await expect.poll(() => webSocketRows.count(), PATIENT).toBe(3)
    expect(logged).toEqual([])
    expect(new Set(requested)).toEqual(new Set([`127.0.0.1:${server.port}`]))
  })

  test.each(['light', 'dark'] as const)(
    'has the contrast of WCAG level AA when it is %s',
    async (colorScheme) => {
      const page = await open()
      await page.emulateMedia({ colorScheme })
      await join(page, 'Ann')
      await write(page, 'hello')
      await talk(page).getByText('hello').waitFor()
      await rows(page).first().waitFor()
      const { background, least } = await page.evaluate<Contrast>(`${LEAST_CONTRAST}; leastContrast()`)
      expect(background).toBe(colorScheme)
      expect(least.ratio, least.text).toBeGreaterThanOrEqual(4.5)
    },
  )

  test('connects again after a restart of the server, and shows that it waits', async () => {
    const page = await open()
    await join(page, 'Ann')
    await write(page, 'before')
    await talk(page).getByText('before').waitFor()
    const stopped = server.stop()
    const waiting = page.getByText(/^.+\. Connecting again in \d+\.\d s\.$/)
    await expect.poll(() => waiting.count(), PATIENT).toBe(3)
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Echo' }).isDisabled()).toBe(true)
    await stopped
    server = await Server.start(server.port)
    await page.getByText('You are in tea as Ann.').waitFor()
    await write(page, 'after')
    await talk(page).getByText('after').waitFor()
    expect(await talk(page).allTextContents()).toEqual(['Ann before', 'Ann after'])
    await rows(page).filter({ hasText: '/connections' }).waitFor()
  })

  test('fits into 320 pixels, with long messages too', async () => {
    const page = await open(320, 640)
    await join(page, 'W'.repeat(20))
    await write(page, 'x'.repeat(500))
    await talk(page).getByText('xxx').waitFor()
    await rows(page).first().waitFor()
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
    expect(logged).toEqual([])
  })
})
