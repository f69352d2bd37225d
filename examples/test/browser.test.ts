import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'
import { CHROMIUM, hasChromium } from './other-clients.ts'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Sends each word, and waits for its echo. */
async function send(page: Page, words: readonly string[]): Promise<void> {
  const before = await page.locator('#talk .received').count()
  for (const [at, word] of words.entries()) {
    await page.getByLabel('Message').fill(word)
    await page.getByRole('button', { name: 'Send' }).click()
    await page
      .locator('#talk .received')
      .nth(before + at)
      .waitFor()
  }
}

describe.skipIf(!hasChromium)('the page of websocket-echo in a browser', { timeout: 60_000 }, () => {
  let browser: Browser
  let example: ExampleProcess

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    example = await ExampleProcess.start('websocket-echo')
  })
  afterEach(() => example.kill())

  async function open(viewport: { width: number; height: number }): Promise<Page> {
    const page = await browser.newPage({ viewport })
    await page.goto(`http://127.0.0.1:${example.port}/`)
    await page.getByText('Connected. What you send comes back.').waitFor()
    return page
  }

  test('shows each message and its echo', async () => {
    const page = await open({ width: 720, height: 520 })
    const words = ['Hello from the browser', 'One port, one connection, two protocols', 'Grüße 😀']
    await send(page, words)
    expect(await page.locator('#talk .sent').allTextContents()).toEqual(words)
    expect(await page.locator('#talk .received').allTextContents()).toEqual(words)
    const stopped = example.stop()
    await page.getByText('Closed with code 1001').waitFor()
    expect(await stopped).toBe(0)
    await page.close()
  })

  test.each([
    [720, 520],
    [360, 480],
  ])(
    'shows the newest message and the input after many messages, at %i × %i pixels',
    async (width, height) => {
      const page = await open({ width, height })
      await send(
        page,
        Array.from({ length: 20 }, (_, at) => `message ${at} ${'of many words '.repeat(4)}`),
      )
      for (const part of [page.locator('#talk .received').last(), page.getByLabel('Message')]) {
        const box = await part.boundingBox()
        expect(box).not.toBeNull()
        if (box === null) continue
        expect([box.x, box.y].every((edge) => edge >= 0)).toBe(true)
        expect(box.x + box.width).toBeLessThanOrEqual(width)
        expect(box.y + box.height).toBeLessThanOrEqual(height)
      }
      const input = await page.locator('#form').boundingBox()
      const newest = await page.locator('#talk .received').last().boundingBox()
      expect((newest?.y ?? 0) + (newest?.height ?? 0)).toBeLessThanOrEqual(input?.y ?? 0)
      await page.close()
    },
  )

  test('reconnects after a restart of the server, and shows that it is disconnected meanwhile', async () => {
    const page = await open({ width: 360, height: 480 })
    await send(page, ['before'])
    const stopped = example.stop()
    await page.getByText(/Connecting again in \d+ s/).waitFor()
    expect(await stopped).toBe(0)
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    await page.getByLabel('Message').fill('typed meanwhile')
    await page.getByLabel('Message').press('Enter')
    expect(await page.getByLabel('Message').inputValue()).toBe('typed meanwhile')
    example = await ExampleProcess.startWith('websocket-echo', [String(example.port)])
    await page.getByText('Connected. What you send comes back.').waitFor()
    await send(page, ['after'])
    expect(await page.locator('#talk .received').allTextContents()).toEqual(['before', 'after'])
    await page.close()
  })
})
