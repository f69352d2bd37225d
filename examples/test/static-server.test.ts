import { execFile, execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'
import { CHROMIUM, hasChromium, hasCurl } from './other-clients.ts'

const run = promisify(execFile)

const MIB = 1 << 20
/** Bytes that differ at every place. */
const BIG = Buffer.from(Uint32Array.from({ length: (10 * MIB) / 4 }, (_, at) => at * 2_654_435_761).buffer)

/** Makes a directory with files, links and devices. */
function makeFiles(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'static-')))
  const at = (...names: string[]): string => join(root, ...names)
  mkdirSync(at('sub'))
  mkdirSync(at('.git'))
  writeFileSync(at('digits.txt'), '0123456789')
  writeFileSync(at('big.bin'), BIG)
  writeFileSync(at('sub', 'index.html'), '<h1>index')
  writeFileSync(at('long.txt'), 'a long text '.repeat(1000))
  writeFileSync(at('.git', 'config'), 'secret')
  writeFileSync(at('<b>&".txt'), 'odd')
  writeFileSync(at('app.js'), 'let a = 1 // plain\n')
  writeFileSync(at('app.js.gz'), gzipSync('let a = 1 // plain\n'))
  writeFileSync(at('sound.wav'), silence(20))
  symlinkSync('/etc/passwd', at('passwd'))
  symlinkSync('/etc', at('etc'))
  execFileSync('mkfifo', [at('fifo')])
  for (const name of ['digits.txt', 'app.js', 'app.js.gz', 'big.bin']) utimesSync(at(name), 1000, 1000)
  return root
}

/** Returns a sound of so many seconds, as a browser can play it: 16 bits, 48 kHz, two channels. */
function silence(seconds: number): Buffer {
  const bytes = seconds * 192_000
  const wav = Buffer.alloc(44 + bytes)
  wav.write('RIFF')
  wav.writeUInt32LE(36 + bytes, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(2, 22)
  wav.writeUInt32LE(48_000, 24)
  wav.writeUInt32LE(192_000, 28)
  wav.writeUInt16LE(4, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(bytes, 40)
  return wav
}

describe('static-server', { timeout: 60_000 }, () => {
  let root: string
  let example: ExampleProcess
  beforeAll(async () => {
    root = makeFiles()
    example = await ExampleProcess.start('static-server', root)
  })
  afterAll(async () => {
    await example.finish()
    rmSync(root, { recursive: true })
  })

  /** Calls curl; returns the status and the fields, then the body. */
  async function curl(path: string, ...args: string[]): Promise<{ head: string; body: Buffer }> {
    const { stdout } = await run(
      'curl',
      ['-sS', '-i', '--path-as-is', '--max-time', '10', ...args, `http://127.0.0.1:${example.port}${path}`],
      { encoding: 'buffer', maxBuffer: 64 * MIB },
    )
    const end = stdout.indexOf('\r\n\r\n')
    return { head: stdout.subarray(0, end + 2).toString('latin1'), body: stdout.subarray(end + 4) }
  }

  describe.skipIf(!hasCurl)('with curl', () => {
    test('sends files, the big ones whole', async () => {
      const { head, body } = await curl('/digits.txt')
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      expect(head).toContain('Content-Type: text/plain; charset=utf-8\r\n')
      expect(head).toContain('Last-Modified: Thu, 01 Jan 1970 00:16:40 GMT\r\n')
      expect(body.toString()).toBe('0123456789')
      expect((await curl('/big.bin')).body.equals(BIG)).toBe(true)
      expect((await curl('/digits.txt', '--http1.0')).body.toString()).toBe('0123456789')
    })

    test('responds to HEAD, conditions and ranges', async () => {
      const head = await curl('/big.bin', '--head')
      expect(head.head).toContain(`Content-Length: ${BIG.length}\r\n`)
      const etag = /ETag: ("[^"]+")/.exec(head.head)?.[1] ?? ''
      expect((await curl('/big.bin', '-H', `If-None-Match: ${etag}`)).head).toMatch(/^HTTP\/1\.1 304 /)
      const since = 'Thu, 01 Jan 1970 00:16:40 GMT'
      expect((await curl('/big.bin', '-H', `If-Modified-Since: ${since}`)).head).toMatch(/^HTTP\/1\.1 304 /)
      expect((await curl('/big.bin', '-H', 'If-Match: "other"')).head).toMatch(/^HTTP\/1\.1 412 /)
      const part = await curl('/big.bin', '-r', '5000000-9999999', '-H', `If-Range: ${etag}`)
      expect(part.head).toMatch(/^HTTP\/1\.1 206 /)
      expect(part.body.equals(BIG.subarray(5_000_000, 10_000_000))).toBe(true)
      expect((await curl('/digits.txt', '-r', '10-')).head).toContain('Content-Range: bytes */10\r\n')
      const parts = await curl('/big.bin', '-r', '0-99999,5000000-5099999')
      const boundary = /boundary=(\w+)/.exec(parts.head)?.[1] ?? ''
      expect(parts.body.indexOf(BIG.subarray(5_000_000, 5_100_000))).toBeGreaterThan(100_000)
      expect(parts.body.subarray(-boundary.length - 6).toString()).toBe(`--${boundary}--\r\n`)
      expect(parts.head).toContain(`Content-Length: ${parts.body.length}\r\n`)
    })

    test('sends the compressed copy to a client that accepts it', async () => {
      const coded = await curl('/app.js', '--compressed')
      expect(coded.head).toContain('Content-Encoding: gzip\r\n')
      expect(coded.head).toMatch(/^Vary: .*Accept-Encoding/m)
      expect(coded.body.toString()).toBe('let a = 1 // plain\n')
      expect((await curl('/app.js')).head).not.toContain('Content-Encoding')
    })

    test('compresses a text that has no copy', async () => {
      const coded = await curl('/long.txt', '--compressed')
      expect(coded.head).toMatch(/^Content-Encoding: (?:gzip|br|zstd)\r$/m)
      expect(coded.head).toMatch(/^ETag: W\//m)
      expect(coded.body.toString()).toBe('a long text '.repeat(1000))
      const part = await curl('/long.txt', '--compressed', '-r', '2-5')
      expect([part.head.slice(0, 12), part.body.toString()]).toEqual(['HTTP/1.1 206', 'long'])
    })

    test('redirects to the slash, and lists directories', async () => {
      expect((await curl('/sub?a=1')).head).toMatch(
        /^HTTP\/1\.1 302 .*\r\n(.*\r\n)*Location: \/sub\/\?a=1\r\n/,
      )
      expect((await curl('/sub', '-L')).body.toString()).toContain('<h1>index')
      const listing = (await curl('/')).body.toString()
      expect(listing).toContain('<a href="./%3Cb%3E%26%22.txt">&#60;b&#62;&#38;&#34;.txt</a>')
      for (const hidden of ['.git', 'passwd', 'etc', 'fifo']) expect(listing).not.toContain(hidden)
      const { stdout } = await run('curl', ['-sS', `http://127.0.0.1:${example.port}/%3Cb%3E%26%22.txt`])
      expect(stdout).toBe('odd')
    })

    test.each([
      '/passwd',
      '/etc/passwd',
      '/etc/',
      '/etc',
      '/fifo',
      '/.git/config',
      '/../../../etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/sub/..%5c..%5cdigits.txt',
      '/digits.txt%00.html',
      '//etc/passwd',
      `/${'n'.repeat(300)}`,
    ])('does not serve %s', async (path) => {
      expect((await curl(path)).head).toMatch(/^HTTP\/1\.1 404 /)
    })

    test('logs each request with its client, status and bytes', async () => {
      const line = (request: string, rest: string): RegExp =>
        new RegExp(String.raw`^127\.0\.0\.1 - - \[\S+ \+0000\] "${request}" ${rest}$`, 'm')
      await curl('/digits.txt?logged', '-A', 'a"b', '-e', 'http://from.example/', '-r', '2-4')
      await curl('/none?logged', '-A', 'c', '--head')
      const seconds = String.raw`0\.\d{3}`
      const part = line(
        String.raw`GET /digits\.txt\?logged HTTP/1\.1`,
        String.raw`206 3 "http://from\.example/" "a\\x22b" ${seconds} complete`,
      )
      const none = line(
        String.raw`HEAD /none\?logged HTTP/1\.1`,
        String.raw`404 0 "-" "c" ${seconds} complete`,
      )
      for (const expected of [part, none]) await expect.poll(() => example.output).toMatch(expected)
    })
  })

  test('logs a download that the client has left as aborted, and input that is no request', async () => {
    const leaver = await Connection.open(example.port)
    leaver.socket.write('GET /big.bin?left HTTP/1.1\r\nHost: h\r\n\r\n')
    await leaver.until((text) => text.length > 0)
    leaver.socket.resetAndDestroy()
    await expect
      .poll(() => example.output)
      .toMatch(/^127\.0\.0\.1 .*"GET \/big\.bin\?left HTTP\/1\.1" 200 \d+ "-" "-" \d+\.\d{3} aborted$/m)
    const bytes = Number(/\?left HTTP\/1\.1" 200 (\d+)/.exec(example.output)?.[1])
    expect(bytes).toBeLessThan(BIG.length)
    const garbler = await Connection.open(example.port)
    garbler.socket.write('no request\r\n\r\n')
    expect(await garbler.end()).toMatch(/^HTTP\/1\.1 400 /)
    await expect
      .poll(() => example.output)
      .toMatch(/^127\.0\.0\.1 - - \[.*\] "-" 400 \d+ "-" "-" 0\.000 aborted$/m)
  })

  test('closes its files when clients leave in the middle of them', async () => {
    const before = example.descriptors
    for (let count = 0; count < 20; count++) {
      const connection = await Connection.open(example.port)
      connection.socket.write('GET /big.bin HTTP/1.1\r\nHost: h\r\n\r\n')
      await connection.until((text) => text.length > 0)
      if (count % 2 === 0) connection.socket.resetAndDestroy()
      else connection.socket.destroy()
    }
    await expect.poll(() => example.descriptors, { timeout: 10_000 }).toBeLessThanOrEqual(before)
  })
})

describe('static-server, when a file becomes shorter while it is sent', () => {
  test('aborts the connection and logs it', async () => {
    const root = makeFiles()
    const path = join(root, 'shrinking.bin')
    writeFileSync(path, Buffer.alloc(50 * MIB))
    const example = await ExampleProcess.start('static-server', root)
    onTestFinished(() => example.kill())
    const connection = await Connection.open(example.port)
    connection.socket.write('GET /shrinking.bin HTTP/1.1\r\nHost: h\r\n\r\n')
    await connection.until((text) => text.length > 0)
    connection.socket.pause()
    truncateSync(path, 1000)
    connection.socket.resume()
    const text = await connection.end()
    expect(text).toContain(`Content-Length: ${50 * MIB}\r\n`)
    expect(text.length).toBeLessThan(50 * MIB)
    expect((await fetch(`http://127.0.0.1:${example.port}/digits.txt`)).status).toBe(200)
    expect(await example.stop()).toBe(0)
    expect(example.errors).toContain('it was shortened while it was sent')
    rmSync(root, { recursive: true })
  })
})

describe('static-server, under 1 000 clients that do not read a file of 10 MB', { timeout: 60_000 }, () => {
  // A UNIX socket: the system would keep 4 MB of each TCP connection of loopback.
  test('uses at most 160 MiB, closes the files, and stops', async () => {
    const root = makeFiles()
    const path = join(root, 'socket')
    const example = await ExampleProcess.startMeasured('static-server', [`unix:${path}`, root])
    onTestFinished(() => example.kill())
    const before = { bytes: await example.memoryBytes(), descriptors: example.descriptors }
    const readers: Socket[] = []
    // No more at once than the queue of the port holds.
    while (readers.length < 1000) {
      readers.push(...(await Promise.all(Array.from({ length: 200 }, () => slowReader(path)))))
      const opened = (): number => example.opened(join(root, 'big.bin'))
      await expect.poll(opened, { timeout: 20_000, interval: 10 }).toBe(readers.length)
    }
    // Measured until it grows no more.
    const measured = [before.bytes, await example.memoryBytes()]
    while ((measured.at(-1) ?? 0) > (measured.at(-2) ?? 0) + MIB) measured.push(await example.memoryBytes())
    expect(Math.max(...measured) - before.bytes).toBeLessThan(160 * MIB)
    const [last] = readers
    last?.resume()
    const received = last === undefined ? 0 : await bytesOf(last)
    expect(received).toBeGreaterThan(10 * MIB)
    for (const reader of readers) reader.destroy()
    await expect.poll(() => example.descriptors, { timeout: 20_000 }).toBeLessThanOrEqual(before.descriptors)
    expect((await example.memoryBytes()) - before.bytes).toBeLessThan(8 * MIB)
    expect(await example.stop()).toBe(0)
    rmSync(root, { recursive: true })
  })
})

/** Asks for the big file, and does not read. */
async function slowReader(path: string): Promise<Socket> {
  const socket = connect(path).on('error', () => undefined)
  socket.pause()
  await once(socket, 'connect')
  socket.write('GET /big.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  return socket
}

/** Reads a socket to its end. */
async function bytesOf(socket: Socket): Promise<number> {
  let bytes = 0
  socket.on('data', (data: Buffer) => (bytes += data.length))
  await once(socket, 'end')
  return bytes
}

describe.skipIf(!hasChromium)('static-server in a browser', { timeout: 60_000 }, () => {
  let browser: Browser
  let example: ExampleProcess
  let root: string
  beforeAll(async () => {
    root = makeFiles()
    writeFileSync(join(root, 'film.wav'), silence(120))
    writeFileSync(
      join(root, 'player.html'),
      '<!doctype html><title>Film</title><video src="film.wav" preload="metadata">',
    )
    example = await ExampleProcess.start('static-server', root)
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })
  afterAll(async () => {
    await browser.close()
    await example.finish()
    rmSync(root, { recursive: true })
  })

  test('seeks in a film by ranges', async () => {
    const page = await browser.newPage()
    const parts: { status: number; range: string | undefined }[] = []
    page.on('response', (response) => {
      if (!response.url().endsWith('/film.wav')) return
      const { 'content-range': range } = response.headers()
      parts.push({ status: response.status(), range })
    })
    await page.goto(`http://127.0.0.1:${example.port}/player.html`)
    await page.waitForFunction('document.querySelector("video").readyState >= 1')
    expect(await page.evaluate('document.querySelector("video").duration')).toBe(120)
    await page.evaluate('document.querySelector("video").currentTime = 110')
    await page.waitForFunction(
      '!document.querySelector("video").seeking && document.querySelector("video").readyState >= 2',
    )
    expect(parts.every(({ status }) => status === 206)).toBe(true)
    const starts = parts.map(({ range }) => Number(/^bytes (\d+)-\d+\/23040044$/.exec(range ?? '')?.[1]))
    expect(starts[0]).toBe(0)
    expect(Math.max(...starts)).toBeGreaterThan(15_000_000)
    await page.close()
  })

  test('follows the links of a listing', async () => {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${example.port}/`)
    await page.getByRole('link', { name: '<b>&".txt' }).click()
    await page.getByText('odd', { exact: true }).waitFor()
    await page.goto(`http://127.0.0.1:${example.port}/`)
    await page.getByRole('link', { name: 'sub/' }).click()
    await page.getByText('index').waitFor()
    expect(new URL(page.url()).pathname).toBe('/sub/')
    await page.close()
  })
})
