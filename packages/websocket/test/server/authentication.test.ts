import { ConnectionClosed } from '@ropewalk/core'
import { HTTPError, type RenderResult, type Request, Resource } from '@ropewalk/http'
import { getSession, guard, rateLimit, RequestSlot, sessions, tokenCheck } from '@ropewalk/http/resources'
import { describe, expect, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import type { AcceptedHandshake, Authenticate } from '../../src/server/authentication.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { type ChosenSubprotocol, WebSocketServerFactory } from '../../src/server/websocket-server-factory.ts'
import { type Client, ManyClients } from '../many-clients.ts'
import { thenable } from '../pending-protocol.ts'
import { frame, handshake, serverFrame } from '../websocket-exchange.ts'

interface Account {
  readonly name: string
}
const ADA: Account = { name: 'ada' }

/** Sends the name of its user for each message. */
class Named extends WebSocketProtocol<Account> {
  override textMessageReceived(): void {
    this.transport.sendTextMessage(this.user.name)
  }
}

function clientsOf(authenticate: Authenticate<Account>): ManyClients {
  return new ManyClients(WebSocketResource.forProtocol(Named, { authenticate }))
}

function headOf(client: Client): string {
  return client.transport.value('latin1')
}

describe('authenticate', () => {
  test('gives the protocol its user, directly and as a promise', async () => {
    const ways: readonly Authenticate<Account>[] = [
      () => ADA,
      () => Promise.resolve(ADA),
      () => thenable<Account>((settled) => settled(ADA)),
    ]
    for (const authenticate of ways) {
      const client = await clientsOf(authenticate).open()
      await client.send(frame(1, '?'))
      expect(client.received()).toEqual(serverFrame(1, 'ada'))
    }
  })

  test('leaves the user undefined when there is no authenticate', async () => {
    const users: unknown[] = []
    class Anyone extends WebSocketProtocol {
      override negotiationFinished(): void {
        users.push(this.user, this.transport.user)
      }
    }
    await new ManyClients(WebSocketResource.forProtocol(Anyone)).open()
    expect(users).toEqual([undefined, undefined])
    expect(() => new Anyone().user).toThrow('before negotiationStarted')
  })

  const REFUSALS: readonly (readonly [string, Authenticate<Account>, number])[] = [
    ['false', () => false as const, 403],
    ['null', () => null, 403],
    ['undefined', () => undefined, 403],
    ['a promise of undefined', () => Promise.resolve(undefined), 403],
    [
      'an HTTPError',
      () => {
        throw new HTTPError(402)
      },
      402,
    ],
    ['a rejection with an HTTPError', () => Promise.reject(new HTTPError(429)), 429],
    ['a Response', () => new Response('no', { status: 410 }), 410],
    ['a promise of a Response', () => Promise.resolve(new Response('no', { status: 451 })), 451],
    [
      'a fault',
      () => {
        throw new Error('database')
      },
      500,
    ],
    ['a rejection', () => Promise.reject(new Error('database')), 500],
  ]
  test.each(REFUSALS)('refuses with %s, and builds nothing', async (_name, authenticate, status) => {
    let built = 0
    class Counting extends WebSocketServerFactory<Named> {
      override selectSubprotocol(): undefined {
        built++
      }
      override buildProtocol(): Named {
        built++
        return new Named()
      }
    }
    const clients = new ManyClients(new WebSocketResource(new Counting(), { authenticate }))
    const client = await clients.asking()
    expect(client.status).toBe(status)
    expect(headOf(client)).not.toMatch(/sec-websocket-accept/i)
    expect(built).toBe(0)
    expect(clients.reactor.flushLoggedErrors()).toHaveLength(status === 500 ? 1 : 0)
  })

  test('refuses with a status, headers and a body of its own', async () => {
    const error = new HTTPError(401, 'Log in first', { headers: [['WWW-Authenticate', 'Cookie']] })
    const page = await clientsOf(() => Promise.reject(error)).asking()
    expect(headOf(page)).toMatch(/^HTTP\/1\.1 401 [^]*\r\nWWW-Authenticate: Cookie\r\n[^]*Log in first/)
    const own = await clientsOf(() =>
      Response.json({ reason: 'banned' }, { status: 403, headers: { 'X-Ban': '1' } }),
    ).asking()
    expect(headOf(own)).toMatch(/^HTTP\/1\.1 403 [^]*\r\nX-Ban: 1\r\n[^]*{"reason":"banned"}$/i)
  })

  test('adds headers and cookies to the 101', async () => {
    const clients = clientsOf(async (request) => {
      await Promise.resolve()
      request.setHeader('X-Server', 'a')
      request.addCookie('seen', '1', { httpOnly: true })
      request.addCookie('room', 'blue')
      return ADA
    })
    const head = headOf(await clients.asking())
    expect(head).toMatch(/^HTTP\/1\.1 101 /)
    expect(head).toContain('\r\nX-Server: a\r\n')
    expect(head).toMatch(/\r\nSet-Cookie: seen=1; HttpOnly\r\n/i)
    expect(head).toMatch(/\r\nSet-Cookie: room=blue\r\n/i)
  })

  test('is called after the checks of handshake, host and origin, and before all else', async () => {
    const calls: string[] = []
    class Recording extends WebSocketServerFactory<Named> {
      override selectSubprotocol(offered: readonly string[]): ChosenSubprotocol {
        calls.push(`select of ${offered.join()}`)
        return Promise.resolve(offered[0])
      }
      override buildProtocol(_request: Request, { subprotocol, user }: AcceptedHandshake<Account>): Named {
        calls.push(`build ${subprotocol} for ${user.name}`)
        return new Named()
      }
    }
    const authenticate = async (): Promise<Account> => {
      calls.push('authenticate')
      await Promise.resolve()
      return ADA
    }
    const clients = new ManyClients(
      new WebSocketResource(new Recording(), { authenticate, hosts: ['h', '*.good.com'] }),
    )
    for (const [fields, status] of [
      [{ 'Sec-WebSocket-Version': '8' }, 426],
      [{ Host: 'evil.com' }, 421],
      [{ Origin: 'http://evil.com' }, 403],
    ] as const)
      expect((await clients.asking(fields)).status).toBe(status)
    expect(calls).toEqual([])
    const client = await clients.asking({ Host: 'a.good.com', 'Sec-WebSocket-Protocol': 'b, c' })
    expect(client.status).toBe(101)
    expect(headOf(client)).toContain('\r\nSec-WebSocket-Protocol: b\r\n')
    expect(calls).toEqual(['authenticate', 'select of b,c', 'build b for ada'])
  })

  test('keeps frames that arrive while it is pending', async () => {
    let settle: (account: Account) => void = () => undefined
    const clients = clientsOf(() => new Promise<Account>((resolve) => (settle = resolve)))
    const client = clients.connect()
    await client.send(Buffer.concat([Buffer.from(handshake()), frame(1, 'early')]), frame(9, 'p'))
    expect(client.received().length).toBe(0)
    settle(ADA)
    await clients.reactor.settle()
    const received = client.received()
    const end = received.indexOf('\r\n\r\n') + 4
    expect(received.subarray(end)).toEqual(Buffer.concat([serverFrame(1, 'ada'), serverFrame(10, 'p')]))
  })

  test('is refused with 503 after handshakeTimeoutMs, which all promises share', async () => {
    class Slow extends WebSocketServerFactory<Named> {
      override selectSubprotocol(_offered: readonly string[], request: Request): PromiseLike<undefined> {
        return later(request, undefined)
      }
      override buildProtocol(request: Request): PromiseLike<Named> {
        return later(request, new Named())
      }
    }
    const later = <T>({ reactor }: Request, value: T): Promise<T> =>
      new Promise((resolve) => reactor.callLater(400, resolve, value))
    for (const [handshakeTimeoutMs, status] of [
      [1500, 101],
      [1000, 503],
    ] as const) {
      const authenticate = (request: Request): Promise<Account> => later(request, ADA)
      const clients = new ManyClients(new WebSocketResource(new Slow(), { authenticate, handshakeTimeoutMs }))
      const client = await clients.asking()
      for (let waited = 0; waited < 1200; waited += 100) await clients.advance(100)
      expect(client.status).toBe(status)
    }
  })
})

describe('authenticate, when the client leaves', () => {
  const LEAVING: Readonly<Record<string, (client: Client, clients: ManyClients) => Promise<void> | void>> = {
    reset: ({ transport }) => transport.receiveReset(),
    abort: ({ transport }) => transport.abortConnection(),
    FIN: async ({ transport }, clients) => {
      transport.receiveEnd()
      await clients.advance(60_000)
    },
    'an expired handshake': (_client, clients) => clients.advance(11_000),
  }
  const STEPS = ['authenticate', 'selectSubprotocol', 'buildProtocol'] as const

  /** Each step returns what `pending` makes; later steps are counted. */
  class Stuck extends WebSocketServerFactory<Named> {
    readonly stuckAt: (typeof STEPS)[number]
    readonly reached: string[] = []
    signal: AbortSignal | undefined
    settle: (fail: boolean) => void = () => undefined

    constructor(stuckAt: (typeof STEPS)[number]) {
      super()
      this.stuckAt = stuckAt
    }
    authenticate(request: Request): Promise<Account> {
      return this.#step('authenticate', request, ADA)
    }
    override selectSubprotocol(_offered: readonly string[], request: Request): PromiseLike<undefined> {
      return this.#step('selectSubprotocol', request, undefined)
    }
    override buildProtocol(request: Request): PromiseLike<Named> {
      return this.#step('buildProtocol', request, new Lost())
    }
    #step<T>(name: (typeof STEPS)[number], request: Request, value: T): Promise<T> {
      this.reached.push(name)
      if (name !== this.stuckAt) return Promise.resolve(value)
      this.signal = request.signal
      return new Promise((resolve, reject) => {
        this.settle = (fail) => (fail ? reject(request.signal.reason) : resolve(value))
      })
    }
  }
  const ends: WebSocketClosed[] = []
  class Lost extends Named {
    readonly names: string[] = []
    override connectionLost(reason: WebSocketClosed): void {
      this.names.push(this.user.name)
      ends.push(reason)
    }
  }

  for (const stuckAt of STEPS) {
    test.each(Object.keys(LEAVING))(
      `gives its place back and leaks nothing while ${stuckAt} is pending: %s`,
      async (how) => {
        for (const outcome of ['never settles', 'fulfilled', 'rejected']) {
          ends.length = 0
          const factory = new Stuck(stuckAt)
          const resource = new WebSocketResource(factory, {
            authenticate: (request) => factory.authenticate(request),
            maxConnections: 1,
          })
          const clients = new ManyClients(resource)
          const client = await clients.asking()
          expect((await clients.asking()).status).toBe(503)
          await LEAVING[how]?.(client, clients)
          await clients.reactor.settle()
          expect(factory.signal?.aborted).toBe(true)
          clients.reactor.flushLoggedErrors()
          clients.reactor.logged.length = 0

          if (outcome !== 'never settles') factory.settle(outcome === 'rejected')
          await clients.reactor.settle()
          const isBuilt = stuckAt === 'buildProtocol' && outcome === 'fulfilled'
          expect(ends).toHaveLength(isBuilt ? 1 : 0)
          expect(factory.reached.at(-1)).toBe(stuckAt)
          expect(clients.reactor.logged).toEqual([])
          expect(resource.connections.size).toBe(0)
          if (isBuilt) expect(ends[0]?.cause).toBeInstanceOf(ConnectionClosed)

          // Its place is free again.
          const next = await clients.asking()
          expect(next.status).not.toBe(503)
          next.transport.abortConnection()
        }
      },
    )
  }
})

describe('a WebSocketResource behind wrapping resources', () => {
  const ACCOUNT = new RequestSlot<Account>('account')

  test('takes the identity of guard, and guard refuses with its challenge', async () => {
    const resource = WebSocketResource.forProtocol(Named, { authenticate: (request) => ACCOUNT.get(request) })
    const bearer = async (token: string): Promise<Account | undefined> => {
      await Promise.resolve()
      return token === 'secret' ? ADA : undefined
    }
    const clients = new ManyClients(guard(resource, { realm: 'Chat', bearer, identity: ACCOUNT }))
    const refused = await clients.asking()
    expect(headOf(refused)).toMatch(/^HTTP\/1\.1 401 [^]*\r\nWWW-Authenticate: Bearer realm="Chat"\r\n/)
    expect((await clients.asking({ Authorization: 'Bearer wrong' })).status).toBe(401)
    const client = await clients.open({ Authorization: 'Bearer secret' })
    await client.send(frame(1, '?'))
    expect(client.received()).toEqual(serverFrame(1, 'ada'))
  })

  test('refuses when guard lets a request in without an identity', async () => {
    const resource = WebSocketResource.forProtocol(Named, { authenticate: (request) => ACCOUNT.get(request) })
    const clients = new ManyClients(
      guard(resource, { realm: 'Chat', bearer: tokenCheck(['secret']), identity: ACCOUNT }),
    )
    expect((await clients.asking({ Authorization: 'Bearer secret' })).status).toBe(403)
  })

  test('takes the user of a session, and sets the cookie of a new one on the 101', async () => {
    class Login extends Resource {
      override async render_POST(request: Request): Promise<string> {
        const session = await getSession(request)
        session.set('name', 'ada')
        return ''
      }
    }
    const root = new Resource()
    root.putChild('login', new Login())
    const authenticate = async (request: Request): Promise<Account | undefined> => {
      const session = await getSession(request)
      const name = session.get('name')
      if (request.args.has('guest')) session.set('name', 'guest')
      if (request.args.has('guest')) return { name: 'guest' }
      return typeof name === 'string' ? { name } : undefined
    }
    root.putChild('ws', WebSocketResource.forProtocol(Named, { authenticate }))
    const clients = new ManyClients(sessions(root, { keys: ['k'.repeat(32)] }))
    const login = clients.connect()
    await login.send('POST /login HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n')
    const [, Cookie = ''] = /Set-Cookie: ([^;]*)/i.exec(headOf(login)) ?? []
    const line = 'GET /ws HTTP/1.1'
    expect((await clients.asking({}, line)).status).toBe(403)
    expect((await clients.asking({ Cookie: `${Cookie}x` }, line)).status).toBe(403)
    const client = await clients.asking({ Cookie }, line)
    expect(client.status).toBe(101)
    client.transport.clear()
    await client.send(frame(1, '?'))
    expect(client.received()).toEqual(serverFrame(1, 'ada'))
    const guest = await clients.asking({}, 'GET /ws?guest HTTP/1.1')
    expect(headOf(guest)).toMatch(/^HTTP\/1\.1 101 [^]*\r\nSet-Cookie: session=/i)
    await clients.advance(24 * 3_600_000)
  })

  test('is limited by rateLimit as any resource', async () => {
    const limited = rateLimit(WebSocketResource.forProtocol(Named, { authenticate: () => ADA }), {
      perSecond: 1,
    })
    const clients = new ManyClients(limited)
    expect((await clients.asking()).status).toBe(101)
    expect((await clients.asking()).status).toBe(429)
  })

  test('may be rendered by a resource of the program that decides itself', async () => {
    class Door extends Resource {
      override readonly isLeaf = true
      readonly #inside = WebSocketResource.forProtocol(Named, { authenticate: () => ADA })
      override render(request: Request): RenderResult {
        return request.args.get('key') === 'k' ? this.#inside.render(request) : 'closed'
      }
    }
    const clients = new ManyClients(new Door())
    expect((await clients.asking()).status).toBe(200)
    expect((await clients.asking({}, 'GET /?key=k HTTP/1.1')).status).toBe(101)
  })
})
