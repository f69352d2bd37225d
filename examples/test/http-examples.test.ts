import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'
import { hasCurl } from './other-clients.ts'

const run = promisify(execFile)

describe('http-hello', () => {
  let example: ExampleProcess
  beforeAll(async () => {
    example = await ExampleProcess.start('http-hello')
  })
  afterAll(() => example.finish())

  test("responds to Node's fetch", async () => {
    const response = await fetch(`http://127.0.0.1:${example.port}/`)
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain',
      'Hello, world!',
    ])
    expect(Date.parse(response.headers.get('date') ?? '')).toBeGreaterThan(0)
    const head = await fetch(`http://127.0.0.1:${example.port}/`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '13', ''])
    expect((await fetch(`http://127.0.0.1:${example.port}/nope`)).status).toBe(404)
  })

  test('responds to 10 000 pipelined GETs that a FIN follows at once', async () => {
    const connection = await Connection.open(example.port)
    connection.socket.end('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(10_000))
    const responses = (await connection.end()).match(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\nHello, world!/g)
    expect(responses?.length).toBe(10_000)
  })

  test('serves other clients after some reset during or after a request, or send garbage', async () => {
    for (const bytes of ['GET / HT', '\x16\x03\x01', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(100)]) {
      const connection = await Connection.open(example.port)
      connection.socket.write(bytes)
      connection.socket.resetAndDestroy()
    }
    expect((await fetch(`http://127.0.0.1:${example.port}/`)).status).toBe(200)
  })

  test.skipIf(!hasCurl)('responds to curl over HTTP/1.1 and 1.0', async () => {
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

  test('sends a body of 8 MiB back', async () => {
    const body = new Uint8Array(8 << 20).map((_, at) => at % 251)
    const response = await fetch(`http://127.0.0.1:${example.port}/echo`, { method: 'POST', body })
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true)
  })

  test('responds to GET and HEAD of /, and otherwise with 404 or 405', async () => {
    const status = async (method: string, path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${example.port}${path}`, { method })).status
    expect(await status('GET', '/')).toBe(200)
    expect(await status('HEAD', '/')).toBe(200)
    expect(await status('POST', '/nope')).toBe(404)
    expect(await status('GET', '/echo')).toBe(405)
  })

  test.skipIf(!hasCurl)(
    'echoes uploads of curl that expect a 100, are chunked, or do not expect a 100',
    async () => {
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
    },
  )
})
