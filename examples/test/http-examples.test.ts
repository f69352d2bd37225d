import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'

const run = promisify(execFile)
const hasCurl = isThere('curl')
if (!hasCurl) console.warn('curl is not installed: the tests that need it are skipped')

function isThere(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('http-hello', () => {
  let example: ExampleProcess
  beforeAll(async () => {
    example = await ExampleProcess.start('http-hello')
  })
  afterAll(() => example.finish())

  test("answers Node's fetch", async () => {
    const answer = await fetch(`http://127.0.0.1:${example.port}/`)
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/plain',
      'Hello, world!',
    ])
    expect(Date.parse(answer.headers.get('date') ?? '')).toBeGreaterThan(0)
    const head = await fetch(`http://127.0.0.1:${example.port}/`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '13', ''])
    expect((await fetch(`http://127.0.0.1:${example.port}/nope`)).status).toBe(404)
  })

  test('answers 10 000 pipelined GETs, and a client that says its end with the last', async () => {
    const connection = await Connection.open(example.port)
    connection.socket.end('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(10_000))
    const answers = (await connection.end()).match(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\nHello, world!/g)
    expect(answers?.length).toBe(10_000)
  })

  test('survives clients that reset, send garbage, or go away', async () => {
    for (const bytes of ['GET / HT', '\x16\x03\x01', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(100)]) {
      const connection = await Connection.open(example.port)
      connection.socket.write(bytes)
      connection.socket.resetAndDestroy()
    }
    expect((await fetch(`http://127.0.0.1:${example.port}/`)).status).toBe(200)
  })

  test.skipIf(!hasCurl)('answers curl, over HTTP/1.1 and 1.0', async () => {
    for (const version of ['--http1.1', '--http1.0']) {
      const { stdout } = await run('curl', ['-sS', version, '-i', `http://127.0.0.1:${example.port}/`])
      expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nHello, world!$/)
    }
  })
})

describe('http-echo', () => {
  let example: ExampleProcess
  beforeAll(async () => {
    example = await ExampleProcess.start('http-echo')
  })
  afterAll(() => example.finish())

  test('streams a body back, of any size', async () => {
    const body = new Uint8Array(8 << 20).map((_, at) => at % 251)
    const answer = await fetch(`http://127.0.0.1:${example.port}/echo`, { method: 'POST', body })
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true)
  })

  test('answers GET and HEAD of /, else 404 or 405', async () => {
    const status = async (method: string, path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${example.port}${path}`, { method })).status
    expect(await status('GET', '/')).toBe(200)
    expect(await status('HEAD', '/')).toBe(200)
    expect(await status('POST', '/nope')).toBe(404)
    expect(await status('GET', '/echo')).toBe(405)
  })

  test.skipIf(!hasCurl)('echoes what curl uploads: expecting a 100, in chunks, and half-closed', async () => {
    for (const args of [
      ['-H', 'Expect: 100-continue'],
      ['-H', 'Transfer-Encoding: chunked'],
      ['-H', 'Expect:'],
    ]) {
      const curl = spawn(
        'curl',
        ['-sS', '--data-binary', '@-', ...args, `http://127.0.0.1:${example.port}/echo`],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      )
      const received: Buffer[] = []
      curl.stdout.on('data', (data: Buffer) => received.push(data))
      const body = Buffer.alloc(1 << 20, 'curl ')
      curl.stdin.end(body)
      const [code] = await once(curl, 'close')
      expect([code, Buffer.concat(received).equals(body)]).toEqual([0, true])
    }
  })
})
