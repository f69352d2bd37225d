// Writes docs/images/rooms.png, the page of `npm start` with a few guests. It needs Chromium.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('../', import.meta.url))
const server = spawn(process.execPath, ['--import', 'tsx', 'examples/start.ts', '0'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  let output = ''
  while (!output.includes('Ctrl-C')) output += (await once(server.stdout, 'data'))[0]
  const [address] = /http:\S+/.exec(output)
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  const context = await browser.newContext({ viewport: { width: 1100, height: 700 }, colorScheme: 'light' })
  const open = async (name) => {
    const page = await context.newPage()
    await page.goto(address)
    await page.getByLabel('Name').fill(name)
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByText(`You are in tea as ${name}.`).waitFor()
    return page
  }
  const write = async (page, text) => {
    await page.getByLabel('Message', { exact: true }).fill(text)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('log', { name: 'Messages' }).getByText(text).waitFor()
  }
  const [ann, bob, cleo] = [await open('Ann'), await open('Bob'), await open('Cleo')]
  await write(ann, 'Good evening!')
  await write(bob, 'Hello Ann. Is the kettle on?')
  await write(ann, 'It is. HTTP, this room and the echo share one port.')
  await write(cleo, 'I will restart the server: watch how the page comes back by itself.')
  await write(bob, 'No <b>HTML</b> gets through, only text.')
  await ann.bringToFront()
  for (let at = 1; at <= 3; at++) {
    await ann.getByRole('button', { name: 'Echo' }).click()
    await ann
      .locator('#echoes li')
      .nth(at - 1)
      .waitFor()
    await sleep(300)
  }
  await ann.locator('#rows tr').nth(8).waitFor()
  // The second report has the round trips that the first one has asked for.
  const unmeasured = ann.locator('#rows tr', { hasText: /WebSocket.*–/ })
  while ((await unmeasured.count()) > 0) await sleep(100)
  await ann.screenshot({ path: `${root}docs/images/rooms.png` })
  await browser.close()
} finally {
  server.kill('SIGINT')
}
