import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { chromium } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'
import { CHROMIUM, hasChromium } from './other-clients.ts'

const LINES = ['HELLO', '100000 bytes', 'GRÜSSE', 'Closed with 1000']

describe('examples/websocket-codec.ts', () => {
  test('prints the replies and the end', async () => {
    const { code, output, errors } = await ExampleProcess.run('websocket-codec')
    expect([code, output, errors]).toEqual([0, `${LINES.join('\n')}\n`, ''])
  })

  test.skipIf(!hasChromium)('prints the same in a browser', { timeout: 60_000 }, async () => {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu'],
    })
    try {
      const page = await browser.newPage()
      const lines: string[] = []
      page.on('console', (message) => lines.push(message.text()))
      page.on('pageerror', (error) => lines.push(error.message))
      await page.addScriptTag({ type: 'module', content: bundle() })
      await expect.poll(() => lines).toEqual(LINES)
    } finally {
      await browser.close()
    }
  })
})

function bundle(): string {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('../websocket-codec.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}
