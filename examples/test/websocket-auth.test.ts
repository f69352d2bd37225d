import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { StringTransport } from '@ropewalk/core/testing'
import { site } from '../websocket-auth.ts'
import { ExampleProcess } from './example-process.ts'

/** A WebSocket of the `ws` client, with what it received. */
class Client {
  readonly socket: WebSocket
  readonly messages: string[] = []
  readonly closed: Promise<[code: number, reason: string]>
  #wake: () => void = () => undefined

  constructor(port: number, path: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: false })
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data: Buffer) => {
      this.messages.push(data.toString())
      this.#wake()
    })
    this.closed = once(this.socket, 'close').then(([code, reason]) => [Number(code), String(reason)])
  }

  async next(): Promise<string> {
    while (this.messages.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.messages.shift() ?? ''
  }

  /** The status with which the handshake is refused. */
  async refusal(): Promise<number> {
    const [, response] = (await once(this.socket, 'unexpected-response')) as [unknown, { statusCode: number }]
    return response.statusCode
  }
}

describe('websocket-auth', () => {
  let example: ExampleProcess
  beforeAll(async () => {
    example = await ExampleProcess.start('websocket-auth')
  })
  afterAll(() => example.finish())

  const post = (path: string, body: Record<string, string>, cookie = ''): Promise<Response> =>
    fetch(`http://127.0.0.1:${example.port}${path}`, {
      method: 'POST',
      body: new URLSearchParams(body),
      headers: { Cookie: cookie },
      redirect: 'manual',
    })

  async function logIn(name: string, password: string): Promise<string> {
    const response = await post('/login', { name, password })
    return response.headers.get('Set-Cookie')?.split(';')[0] ?? ''
  }

  test('serves a page for logging in, and refuses a WebSocket without a session, or with a forged one', async () => {
    const page = await fetch(`http://127.0.0.1:${example.port}/`)
    expect(await page.text()).toContain('<h1>Log in</h1>')
    for (const Cookie of ['', 'session=planted', 'session=a.b'])
      expect(await new Client(example.port, '/by-cookie', { Cookie }).refusal()).toBe(401)
    expect(await logIn('ada', 'hopper')).toBe('')
  })

  test('opens a WebSocket for the user of a session, and only for pages of its own origin', async () => {
    const Cookie = await logIn('ada', 'lovelace')
    const ada = new Client(example.port, '/by-cookie', { Cookie })
    expect(await ada.next()).toBe('Hello, ada')
    ada.socket.send('hi')
    expect(await ada.next()).toBe('ada: hi')
    const evil = new Client(example.port, '/by-cookie', { Cookie, Origin: 'http://evil.example' })
    expect(await evil.refusal()).toBe(403)
    ada.socket.terminate()
  })

  test('closes the WebSockets of a session that logs out, and no other', async () => {
    const cookies = [await logIn('ada', 'lovelace'), await logIn('ada', 'lovelace')] as const
    const [one, other] = cookies.map((Cookie) => new Client(example.port, '/by-cookie', { Cookie }))
    expect([await one?.next(), await other?.next()]).toEqual(['Hello, ada', 'Hello, ada'])
    expect((await post('/logout', {}, cookies[0])).status).toBe(303)
    expect(await one?.closed).toEqual([4401, 'Logged out'])
    other?.socket.send('still here')
    expect(await other?.next()).toBe('ada: still here')
    expect(await new Client(example.port, '/by-cookie', { Cookie: cookies[0] }).refusal()).toBe(401)
    other?.socket.terminate()
  })

  test('accepts the token as the first message, and nothing else', async () => {
    const [, token = ''] = /by-message is (\w+)/.exec(example.output) ?? []
    const backup = new Client(example.port, '/by-message', { Origin: 'http://elsewhere.example' })
    await once(backup.socket, 'open')
    backup.socket.send(token)
    expect(await backup.next()).toBe('Hello, backup')
    backup.socket.send('hi')
    expect(await backup.next()).toBe('backup: hi')
    backup.socket.terminate()
    for (const [first, reason] of [
      [`${token}x`, 'The token is wrong'],
      ['', 'The token is wrong'],
      [Buffer.from(token), 'Send the token as text'],
    ] as const) {
      const wrong = new Client(example.port, '/by-message')
      await once(wrong.socket, 'open')
      wrong.socket.send(first)
      wrong.socket.send('hi')
      expect(await wrong.closed).toEqual([4401, reason])
      expect(wrong.messages).toEqual([])
    }
  })

  test('closes a WebSocket that sends no token in time', async () => {
    const client = new StringTransport()
    const channel = site.buildProtocol(client.getPeer())
    if (channel === undefined) throw new Error('The site refused the connection')
    client.begin(channel)
    const fields = ['Host: h', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13']
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    client.receive(`GET /by-message HTTP/1.1\r\n${[...fields, key].join('\r\n')}\r\n\r\n`)
    await client.reactor.settle()
    client.clear()
    client.reactor.advance(4_900)
    expect(client.bytes().length).toBe(0)
    client.reactor.advance(300)
    await client.reactor.settle()
    const close = client.bytes()
    expect([close.readUInt16BE(2), close.subarray(4).toString()]).toEqual([
      4408,
      'Send the token within 5000 ms',
    ])
    client.abortConnection()
  })
})
