import { once } from 'node:events'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ExampleProcess } from './example-process.ts'
import { CHROMIUM, hasChromium } from './other-clients.ts'

let example: ExampleProcess
beforeEach(async () => {
  example = await ExampleProcess.start('chat')
})
afterEach(() => example.kill())

/** A guest of the chat: a client with `ws`. */
class Guest {
  readonly socket: WebSocket
  readonly messages: Record<string, unknown>[] = []

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()) as Record<string, unknown>)
    })
  }

  /** Joins a room, and waits for the list of those present. */
  static async join(room: string, name: string): Promise<Guest> {
    const guest = new Guest(new WebSocket(`ws://127.0.0.1:${example.port}/chat`))
    await once(guest.socket, 'open')
    guest.say(`/join ${room} ${name}`)
    await guest.until(({ names }) => (names as string[] | undefined)?.includes(name) === true)
    return guest
  }

  say(text: string): void {
    this.socket.send(text)
  }

  /** Waits for a message. */
  async until(isWanted: (message: Record<string, unknown>) => boolean): Promise<void> {
    while (!this.messages.some(isWanted)) await once(this.socket, 'message')
  }

  /** What was said, as far as it has arrived. */
  get received(): string[] {
    return this.messages
      .filter(({ from }) => from !== undefined)
      .map(({ from, text }) => `${String(from)}: ${String(text)}`)
  }

  /** The newest list of those present. */
  get present(): unknown {
    return this.messages.findLast(({ names }) => names !== undefined)?.['names']
  }
}

describe('chat with ws clients', () => {
  test('passes on what is said to all guests of the room, and to no other', async () => {
    const ann = await Guest.join('tea', 'Ann')
    const bob = await Guest.join('tea', 'Bob Ross')
    const cleo = await Guest.join('coffee', 'Cleo 😀')
    ann.say('hello')
    await bob.until(({ text }) => text === 'hello')
    bob.say('Grüße 😀 "quoted"')
    await ann.until(({ from }) => from === 'Bob Ross')
    cleo.say('alone')
    await cleo.until(({ text }) => text === 'alone')
    for (const guest of [ann, bob])
      expect(guest.received).toEqual(['Ann: hello', 'Bob Ross: Grüße 😀 "quoted"'])
    expect(cleo.received).toEqual(['Cleo 😀: alone'])
  })

  test('lists who is present after each joins, moves to another room, closes or resets', async () => {
    const ann = await Guest.join('tea', 'Ann')
    const bob = await Guest.join('tea', 'Bob')
    const cleo = await Guest.join('tea', 'Cleo')
    const dave = await Guest.join('tea', 'Dave')
    await ann.until(({ names }) => (names as string[]).length === 4)
    bob.say('/join coffee Bob')
    await ann.until(({ names }) => (names as string[]).join() === 'Ann,Cleo,Dave')
    cleo.socket.close()
    await ann.until(({ names }) => (names as string[]).join() === 'Ann,Dave')
    dave.socket.terminate()
    await ann.until(({ names }) => (names as string[]).join() === 'Ann')
    expect(bob.present).toEqual(['Bob'])
  })

  test('closes a message that is too long with 1009, a guest for whom there is no room with 1013', async () => {
    const guests = await Promise.all(Array.from({ length: 100 }, (_, at) => Guest.join('tea', `Guest ${at}`)))
    const late = new WebSocket(`ws://127.0.0.1:${example.port}/chat`)
    await once(late, 'open')
    late.send('/join tea Late')
    expect((await once(late, 'close'))[0]).toBe(1013)
    const [first, second] = guests
    first?.say('x'.repeat(2001))
    expect((await once(first?.socket as WebSocket, 'close'))[0]).toBe(1009)
    await second?.until(({ names }) => (names as string[] | undefined)?.length === 99)
    expect(example.errors).toBe('')
  })

  test('lets a guest who does not read miss messages, and shows how many', { timeout: 60_000 }, async () => {
    const ann = await Guest.join('tea', 'Ann')
    const slow = await Guest.join('tea', 'Slow')
    slow.socket.pause()
    const text = 'x'.repeat(1900)
    const count = 8000
    for (let from = 0; from < count; from += 100) {
      for (let at = from; at < from + 100; at++) ann.say(`${at} ${text}`)
      await ann.until(
        (message) => (message['text'] as string | undefined)?.startsWith(`${from + 99} `) === true,
      )
    }
    slow.socket.resume()
    await slow.until(({ missed }) => missed !== undefined)
    ann.say('last')
    for (const guest of [ann, slow]) await guest.until((message) => message['text'] === 'last')
    expect(ann.received.length).toBe(count + 1)
    const missed = slow.messages
      .map((message) => Number(message['missed'] ?? 0))
      .reduce((sum, one) => sum + one)
    expect(missed).toBeGreaterThan(count / 4)
    expect(slow.received.length + missed).toBe(count + 1)
    expect(new Set(slow.received).size).toBe(slow.received.length)
  })

  test('closes all WebSockets with 1001 when it is stopped', async () => {
    const guests = [await Guest.join('tea', 'Ann'), await Guest.join('tea', 'Bob')]
    const closed = guests.map(({ socket }) => once(socket, 'close'))
    expect(await example.stop()).toBe(0)
    for (const [code] of await Promise.all(closed)) expect(code).toBe(1001)
  })
})

describe.skipIf(!hasChromium)('chat in a browser', { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
    browser = await chromium.launch({ executablePath: CHROMIUM, args })
  })
  afterAll(() => browser.close())

  async function open(name: string, viewport = { width: 800, height: 520 }): Promise<Page> {
    const page = await browser.newPage({ viewport })
    await page.goto(`http://127.0.0.1:${example.port}/`)
    await page.getByLabel('Name').fill(name)
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByText('You are in tea.').waitFor()
    return page
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(text)
    await page.getByRole('button', { name: 'Send' }).click()
  }

  test('two pages show what both say, and who is present', async () => {
    const [ann, bob] = [await open('Ann'), await open('Bob <b>', { width: 360, height: 480 })]
    await say(ann, '<i>hello</i>')
    await bob.getByRole('log').getByText('<i>hello</i>').waitFor()
    await say(bob, 'hi')
    await ann.getByRole('log').getByText('Bob <b> hi').waitFor()
    expect(await ann.getByRole('log').locator('li').allTextContents()).toEqual([
      'Ann <i>hello</i>',
      'Bob <b> hi',
    ])
    expect(await ann.getByRole('list', { name: 'Present' }).locator('li').allTextContents()).toEqual([
      'Ann',
      'Bob <b>',
    ])
    const input = await bob.getByLabel('Message', { exact: true }).boundingBox()
    expect((input?.y ?? Infinity) + (input?.height ?? 0)).toBeLessThanOrEqual(480)
    await bob.close()
    await ann.getByText('Present: 1').waitFor()
    await ann.close()
  })

  test('joins again after a restart of the server', async () => {
    const page = await open('Ann')
    await example.stop()
    await page.getByText(/Connecting again in \d+ s/).waitFor()
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    example = await ExampleProcess.startWith('chat', [`tcp:${example.port}:interface=127.0.0.1`])
    await page.getByText('You are in tea.').waitFor()
    await say(page, 'back')
    await page.getByRole('log').getByText('back').waitFor()
    await page.close()
  })
})
