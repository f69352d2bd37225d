import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createReactor } from '@ropewalk/core'
import { type Request, Resource, Site } from '@ropewalk/http'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Connection } from './connection.ts'
import { CHROMIUM, hasChromium, hasCurl } from './other-clients.ts'

const run = promisify(execFile)

/** Responds with the fields of a form and the digests of its files, which it saves, as JSON. */
class Forms extends Resource {
  override readonly isLeaf = true
  readonly #directory: string

  constructor(directory: string) {
    super()
    this.#directory = directory
  }

  override render_GET(request: Request): string {
    request.addCookie('form', 'seen', { path: '/', httpOnly: true, sameSite: 'strict' })
    return `<form method="post" enctype="multipart/form-data">
      <input name='na"me'><textarea name="text"></textarea>
      <input type="file" name="files" multiple><input type="file" name="none"><button>Send</button></form>`
  }

  override async render_POST(request: Request): Promise<string> {
    request.limitBody(100_000_000)
    const fields: string[] = [`cookie=${request.getCookie('form')}`]
    for await (const part of request.body.parts()) {
      if (part.filename === undefined) fields.push(`${part.name}=${await part.text()}`)
      else {
        const file = await part.saveTo(this.#directory)
        fields.push(`${part.name}=${file.filename}:${file.type}:${digest(await readFile(file.path))}`)
      }
    }
    request.setHeader('Content-Type', 'application/json')
    return JSON.stringify(fields)
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

describe('forms of real clients', { timeout: 60_000 }, () => {
  const reactor = createReactor({ log: [] })
  const content = randomBytes(20_000_000)
  let scratch = ''
  let saved = ''
  let port = 0
  let running: Promise<unknown> = Promise.resolve()

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'ropewalk-forms-'))
    saved = join(scratch, 'saved')
    await mkdir(saved)
    await writeFile(join(scratch, 'large.bin'), content)
    await writeFile(join(scratch, 'grüße "1".txt'), 'small')
    const listening = await reactor.listenTCP(0, new Site(new Forms(saved)), { interface: '127.0.0.1' })
    port = listening.getHost().port
    running = reactor.run({ installSignalHandlers: false })
  })
  afterAll(async () => {
    await reactor.stop()
    await running
    await rm(scratch, { recursive: true })
  })

  test.skipIf(!hasChromium)('Chromium sends fields, several files and a cookie', async () => {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
    try {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.locator('input').first().fill('Grüße 😀')
      await page.locator('textarea').fill('one\ntwo')
      await page
        .locator('input[name=files]')
        .setInputFiles([join(scratch, 'large.bin'), join(scratch, 'grüße "1".txt')])
      await page.locator('button').click()
      await page.waitForURL('**/*')
      expect(JSON.parse(await page.locator('pre').innerText())).toEqual([
        'cookie=seen',
        'na%22me=Grüße 😀',
        'text=one\r\ntwo',
        `files=large.bin:application/octet-stream:${digest(content)}`,
        `files=grüße %221%22.txt:text/plain:${digest(Buffer.from('small'))}`,
        `none=:application/octet-stream:${digest(Buffer.from(''))}`,
      ])
    } finally {
      await browser.close()
    }
    await expect.poll(() => readdir(saved)).toEqual([])
  })

  test.skipIf(!hasCurl)('curl sends files under any name, and expects a 100', async () => {
    const { stdout } = await run('curl', [
      '-sS',
      '-H',
      'Expect: 100-continue',
      '-F',
      `file=@${join(scratch, 'large.bin')};filename="../a\\"b\\\\c.bin"`,
      '-F',
      'text=x',
      '--cookie',
      'form=1',
      `http://127.0.0.1:${port}/`,
    ])
    expect(JSON.parse(stdout)).toEqual([
      'cookie=1',
      expect.stringMatching(new RegExp(`:application/octet-stream:${digest(content)}$`)),
      'text=x',
    ])
  })

  test("Node's fetch sends forms of both types", async () => {
    const form = new FormData()
    form.set('file', new File([content], 'C:\\dir\\large.bin', { type: 'image/png' }))
    form.set('a', 'ü')
    for (const [body, expected] of [
      [form, [`file=large.bin:image/png:${digest(content)}`, 'a=ü']],
      [new URLSearchParams({ a: 'ü&', b: '' }), ['a=ü&', 'b=']],
    ] as const) {
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })
      expect(await response.json()).toEqual(['cookie=undefined', ...expected])
    }
  })

  test('leaves no file of a client that is reset in the middle', async () => {
    const connection = await Connection.open(port)
    const head = `--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n`
    connection.socket.write(
      `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999999\r\n\r\n${head}`,
    )
    connection.socket.write(content.subarray(0, 1_000_000))
    await expect.poll(() => readdir(saved)).toHaveLength(1)
    connection.socket.resetAndDestroy()
    await expect.poll(() => readdir(saved)).toEqual([])
  })
})
