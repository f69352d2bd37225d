import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'

const CHROMIUM = '/usr/bin/chromium'
const hasChromium = existsSync(CHROMIUM)
if (!hasChromium) console.warn(`${CHROMIUM} is not installed: the browser's test is skipped`)

test.skipIf(!hasChromium)('a browser talks to the echo over its page', { timeout: 60_000 }, async () => {
  const example = await ExampleProcess.start('websocket-echo')
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 720, height: 520 } })
    await page.goto(`http://127.0.0.1:${example.port}/`)
    await page.getByText('Connected. What you send comes back.').waitFor()
    const words = ['Hello from the browser', 'One port, one connection, two protocols', 'Grüße 😀']
    for (const [at, word] of words.entries()) {
      await page.getByLabel('Message').fill(word)
      await page.getByRole('button', { name: 'Send' }).click()
      await page.locator('#talk .received').nth(at).waitFor()
    }
    expect(await page.locator('#talk .sent').allTextContents()).toEqual(words)
    expect(await page.locator('#talk .received').allTextContents()).toEqual(words)
    if (process.env['UPDATE_SCREENSHOT'] !== undefined) {
      await page.screenshot({ path: fileURLToPath(new URL('../../docs/images/echo.png', import.meta.url)) })
    }
    const stopped = example.stop()
    await page.getByText('Closed with code 1001').waitFor()
    expect(await stopped).toBe(0)
  } finally {
    await browser.close()
    example.kill()
  }
})
