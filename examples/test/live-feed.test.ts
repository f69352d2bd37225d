import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { chromium } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ExampleProcess } from './example-process.ts'
import { CHROMIUM, hasChromium } from './other-clients.ts'

let example: ExampleProcess
beforeEach(async () => {
  example = await ExampleProcess.start('live-feed')
})
afterEach(() => example.kill())

async function open(id: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${example.port}/feed?id=${id}`)
  await once(socket, 'open')
  return socket
}

/** The reports about a feed, one each half second. */
async function* loadOf(
  id: string,
): AsyncGenerator<Record<'bufferedBytes' | 'sent' | 'queued' | 'dropped', number>> {
  const [response] = (await once(get(`http://127.0.0.1:${example.port}/load/${id}`), 'response')) as [
    IncomingMessage,
  ]
  for await (const chunk of response) {
    const [, json] = /^data: (.*)$/m.exec(String(chunk)) ?? []
    if (json !== undefined)
      yield JSON.parse(json) as Record<'bufferedBytes' | 'sent' | 'queued' | 'dropped', number>
  }
}

describe('live-feed with a ws client', () => {
  test('queues and drops at 1000 quotes a second, and recovers at 10', async () => {
    const socket = await open('a')
    socket.send('1000')
    let dropped = 0
    for await (const load of loadOf('a')) {
      dropped += load.dropped
      expect(load.bufferedBytes).toBeLessThan(262_144)
      if (dropped > 500 && load.queued > 0) break
    }
    socket.send('10')
    for await (const load of loadOf('a')) if (load.sent > 0 && load.queued + load.dropped === 0) break
    socket.close()
    await example.finish()
  })

  test('closes with 1008 for another rate', async () => {
    const socket = await open('a')
    socket.send('11')
    expect((await once(socket, 'close'))[0]).toBe(1008)
    await example.finish()
  })
})

describe.skipIf(!hasChromium)('live-feed in a browser', { timeout: 60_000 }, () => {
  test('shows that quotes are dropped at 1000 a second', async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
    const browser = await chromium.launch({ executablePath: CHROMIUM, args })
    const page = await browser.newPage({ viewport: { width: 800, height: 620 } })
    await page.goto(`http://127.0.0.1:${example.port}/`)
    await page.getByText('Connected.').waitFor()
    await page.locator('#price', { hasText: /\d/ }).waitFor()
    await page.getByLabel('1000', { exact: true }).check()
    await page.locator('#dropped', { hasText: /[1-9]/ }).waitFor()
    expect(await page.locator('#bufferedBytes').textContent()).toMatch(/^[\d,]+$/)
    await browser.close()
  })
})
