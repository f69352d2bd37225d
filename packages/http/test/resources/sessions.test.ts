import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import {
  getSession,
  MemorySessionStore,
  SessionKey,
  type SessionRecord,
  sessions,
  type SessionsOptions,
  type SessionStore,
} from '../../src/resources.ts'
import type { Request } from '../../src/server/request.ts'
import { NOT_DONE_YET } from '../../src/site/render-result.ts'
import { Resource } from '../../src/site/resource.ts'
import { Clients, type Received } from './client.ts'

const KEY = 'k'.repeat(32)
const NAME = new SessionKey<string>('name')

/** What a test does with a session, by path. */
type Paths = Readonly<Record<string, (request: Request) => unknown>>

const PATHS: Paths = {
  '/plain': () => 'plain',
  '/read': async (request) => `${(await getSession(request)).get(NAME)}`,
  '/login': async (request) => {
    const session = await getSession(request)
    session.renewId()
    session.set(NAME, 'alice')
    return session.uid
  },
  '/logout': async (request) => {
    ;(await getSession(request)).expire()
    return 'out'
  },
  '/set': async (request) => {
    const session = await getSession(request)
    session.set('n', request.args.get('v'))
    return session.uid
  },
  '/n': async (request) => String((await getSession(request)).get('n')),
}

function root(paths: Paths): Resource {
  class Root extends Resource {
    override readonly isLeaf = true
    override render_GET(request: Request): never {
      return (paths[request.path] ?? PATHS[request.path])?.(request) as never
    }
  }
  return new Root()
}

/** A browser: it keeps the cookie, and sends it back. */
class Browser {
  readonly clients: Clients
  cookie: string | undefined

  constructor(clients: Clients, cookie?: string) {
    this.clients = clients
    this.cookie = cookie
  }

  static of(options: Partial<SessionsOptions> = {}, paths: Paths = {}, https = false): Browser {
    return new Browser(new Clients(sessions(root(paths), { keys: [KEY], ...options }), { https }))
  }

  async get(path: string): Promise<Received> {
    const response = await this.clients.ask(path, { headers: this.headers })
    this.keep(response)
    return response
  }

  get headers(): string[] {
    return this.cookie === undefined ? [] : [`Cookie: ${this.cookie}`]
  }

  keep(response: Received): void {
    const cookie = response.header('set-cookie')
    if (cookie !== undefined) this.cookie = /Max-Age=0/.test(cookie) ? undefined : cookie.split(';')[0]
  }
}

/** A store that keeps records in a map, each call of which the test settles. */
class SlowStore implements SessionStore {
  readonly records = new Map<string, SessionRecord>()
  readonly waiting: (() => void)[] = []
  readonly calls: string[] = []
  slow = true

  load(id: string): Promise<SessionRecord | undefined> {
    return this.#later('load', () => this.records.get(id))
  }
  save(id: string, record: SessionRecord, isNew: boolean): Promise<void> {
    return this.#later(isNew ? 'create' : 'save', () => {
      if (isNew || this.records.has(id)) this.records.set(id, record)
    })
  }
  remove(id: string): Promise<void> {
    return this.#later('remove', () => void this.records.delete(id))
  }
  settle(): void {
    for (const done of this.waiting.splice(0)) done()
  }
  async #later<T>(call: string, done: () => T): Promise<T> {
    this.calls.push(call)
    if (this.slow) await new Promise<void>((resolve) => this.waiting.push(resolve))
    return done()
  }
}

describe('sessions', () => {
  test('keep values from one request to the next', async () => {
    const browser = Browser.of()
    expect((await browser.get('/read')).body).toBe('undefined')
    await browser.get('/login')
    expect((await browser.get('/read')).body).toBe('alice')
    await browser.get('/set?v=2')
    expect([(await browser.get('/read')).body, (await browser.get('/n')).body]).toEqual(['alice', '2'])
  })

  test('send a cookie for this host alone, and mark the response as private', async () => {
    const response = await Browser.of().get('/login')
    expect(response.header('set-cookie')).toMatch(
      /^session=[\w-]{43}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(response.header('cache-control')).toBe('private')
  })

  test('send a Secure cookie with the prefix __Host- over https, and read no other there', async () => {
    const browser = Browser.of({ sameSite: 'strict' }, {}, true)
    const response = await browser.get('/login')
    expect(response.header('set-cookie')).toMatch(
      /^__Host-session=[\w.-]{87}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    )
    expect((await browser.get('/read')).body).toBe('alice')
    browser.cookie = browser.cookie?.replace('__Host-', '')
    expect((await browser.get('/read')).body).toBe('undefined')
  })

  test('send no cookie, and keep nothing, for a request that only reads or does not use its session', async () => {
    const store = new MemorySessionStore()
    const browser = Browser.of({ store })
    const [plain, read] = [await browser.get('/plain'), await browser.get('/read')]
    expect([plain.header('set-cookie'), read.header('set-cookie'), store.size]).toEqual([
      undefined,
      undefined,
      0,
    ])
    expect([plain.header('cache-control'), read.header('cache-control')]).toEqual([undefined, 'private'])
  })

  test('keep the id of a session that is not renewed, and send its cookie once', async () => {
    const browser = Browser.of()
    const uid = (await browser.get('/set?v=1')).body
    const again = await browser.get('/set?v=2')
    expect([again.body, again.header('set-cookie')]).toEqual([uid, undefined])
  })

  describe('against hostile clients', () => {
    test('a planted id has no value after login', async () => {
      const clients = new Clients(sessions(root({}), { keys: [KEY] }))
      const attacker = new Browser(clients)
      await attacker.get('/set?v=planted')
      const victim = new Browser(clients, attacker.cookie)
      const login = await victim.get('/login')
      expect(victim.cookie).not.toBe(attacker.cookie)
      expect(login.body).not.toBe(attacker.cookie?.slice('session='.length).split('.')[0])
      expect([(await victim.get('/read')).body, (await victim.get('/n')).body]).toEqual(['alice', 'planted'])
      expect([(await attacker.get('/read')).body, (await attacker.get('/n')).body]).toEqual([
        'undefined',
        'undefined',
      ])
    })

    test('a request with the planted id that is still running at the login does not get into the session', async () => {
      let resume = (): void => undefined
      const browser = Browser.of(
        {},
        {
          '/slow': async (request) => {
            const session = await getSession(request)
            await new Promise<void>((resolve) => (resume = resolve))
            session.set('n', 'from the attacker')
            return `${session.get(NAME)} ${session.uid}`
          },
        },
      )
      await browser.get('/set?v=planted')
      const slow = browser.clients.begin('/slow', { headers: browser.headers })
      await browser.clients.reactor.settle()
      const planted = browser.cookie
      const uid = (await browser.get('/login')).body
      resume()
      const response = await slow.received()
      expect(response.body).toMatch(/^undefined /)
      expect(response.body).not.toContain(uid)
      expect(response.header('set-cookie')).toBeUndefined()
      expect([(await browser.get('/read')).body, (await browser.get('/n')).body]).toEqual([
        'alice',
        'planted',
      ])
      browser.cookie = planted
      expect((await browser.get('/n')).body).toBe('undefined')
    })

    test('an id that the store does not know is not adopted, even with our signature', async () => {
      const id = 'A'.repeat(43)
      const signature = createHmac('sha256', KEY).update(`session=${id}`).digest('base64url')
      const browser = Browser.of()
      browser.cookie = `session=${id}.${signature}`
      const response = await browser.get('/set?v=1')
      expect(response.body).not.toBe(id)
      expect(response.header('set-cookie')).not.toContain(id)
    })

    test.each<[string, (id: string, signature: string) => string]>([
      ['forged', (id) => `${id}.${'A'.repeat(43)}`],
      ['truncated', (id, signature) => `${id}.${signature.slice(0, -1)}`],
      ['longer', (id, signature) => `${id}.${signature}A`],
      ['missing', (id) => id],
      ['empty', (id) => `${id}.`],
      ['of another id', (_id, signature) => `${'A'.repeat(43)}.${signature}`],
      ['in another case', (id, signature) => `${id}.${signature.toLowerCase()}`],
      ['percent-encoded', (id, signature) => `${id}%2E${signature}`],
      ['quoted', (id, signature) => `"${id}.${signature}"`],
      [
        'by another key',
        (id) => `${id}.${createHmac('sha256', 'x'.repeat(32)).update(`session=${id}`).digest('base64url')}`,
      ],
      [
        'for another cookie',
        (id) => `${id}.${createHmac('sha256', KEY).update(`__Host-session=${id}`).digest('base64url')}`,
      ],
      ['8 kB long', (id) => `${id}.${'A'.repeat(8_192)}`],
      // The last character of 43 has two bits that base64 ignores.
      [
        'equal after decoding',
        (id, signature) => `${id}.${signature.slice(0, -1)}${next(signature.slice(-1))}`,
      ],
    ])('a signature that is %s is refused without asking the store', async (_, forge) => {
      const store = new SlowStore()
      store.slow = false
      const browser = Browser.of({ store })
      await browser.get('/login')
      const [id = '', signature = ''] = browser.cookie?.slice('session='.length).split('.') ?? []
      store.calls.length = 0
      browser.cookie = `session=${forge(id, signature)}`
      expect((await browser.get('/read')).body).toBe('undefined')
      expect(store.calls).toEqual([])
    })

    test('of two cookies of one name the signed one counts; two signed ones count for nothing', async () => {
      const clients = new Clients(sessions(root({}), { keys: [KEY] }))
      const [one, other] = [new Browser(clients), new Browser(clients)]
      await one.get('/login')
      await other.get('/set?v=1')
      const read = async (cookie: string): Promise<string> =>
        (await new Browser(clients, cookie).get('/read')).body
      expect(await read(`session=planted; ${one.cookie}`)).toBe('alice')
      expect(await read(`${one.cookie}; session=planted; a=b`)).toBe('alice')
      expect(await read(`${one.cookie}; ${one.cookie}`)).toBe('alice')
      expect(await read(`${one.cookie}; ${other.cookie}`)).toBe('undefined')
      expect(await read(`${'session=x; '.repeat(4)}${one.cookie}`)).toBe('undefined')
    })

    test.each(['session', '=', ';;;', 'session=', '=; session', `a${'b'.repeat(8_000)}=c`, 'session="'])(
      'the cookie %j is ignored',
      async (cookie) => {
        expect((await new Browser(Browser.of().clients, cookie).get('/read')).body).toBe('undefined')
      },
    )
  })

  test('accept cookies of all keys, and sign anew with the first', async () => {
    const store = new MemorySessionStore()
    const old = Browser.of({ store, keys: [KEY] })
    await old.get('/login')
    const other = 'n'.repeat(32)
    const rotated = Browser.of({ store, keys: [other, KEY] })
    rotated.cookie = old.cookie
    const response = await rotated.get('/read')
    expect(response.body).toBe('alice')
    expect(rotated.cookie).not.toBe(old.cookie)
    expect((await rotated.get('/read')).header('set-cookie')).toBeUndefined()
    const later = Browser.of({ store, keys: [Buffer.from(other)] })
    later.cookie = rotated.cookie
    expect((await later.get('/read')).body).toBe('alice')
    later.cookie = old.cookie
    expect((await later.get('/read')).body).toBe('undefined')
  })

  test('expire after the idle time, which every use prolongs', async () => {
    const browser = Browser.of({ idleTimeoutMs: 10_000 })
    const { reactor } = browser.clients
    await browser.get('/login')
    for (let times = 0; times < 5; times++) {
      reactor.advance(9_000)
      expect((await browser.get('/read')).body).toBe('alice')
    }
    reactor.advance(10_000)
    expect((await browser.get('/read')).body).toBe('undefined')
    reactor.advance(0)
    expect((await browser.get('/read')).body).toBe('undefined')
  })

  test('expire after the absolute time, however much they are used, and with a new id too', async () => {
    const browser = Browser.of({ idleTimeoutMs: 10_000, absoluteTimeoutMs: 25_000 })
    const { reactor } = browser.clients
    await browser.get('/set?v=1')
    for (let times = 0; times < 3; times++) {
      reactor.advance(8_000)
      expect((await browser.get(times === 1 ? '/login' : '/n')).status).toBe(200)
    }
    expect((await browser.get('/read')).body).toBe('alice')
    reactor.advance(1_000)
    expect((await browser.get('/read')).body).toBe('undefined')
  })

  test('save a session that is only read at most ten times within its idle time', async () => {
    const store = new SlowStore()
    store.slow = false
    const browser = Browser.of({ store, idleTimeoutMs: 100_000 })
    await browser.get('/login')
    for (let times = 0; times < 100; times++) {
      browser.clients.reactor.advance(500)
      await browser.get('/read')
    }
    expect(store.calls.filter((call) => call === 'save')).toHaveLength(4)
  })

  test('expire() ends the session, clears the cookie, and begins a new one', async () => {
    const store = new MemorySessionStore()
    const browser = Browser.of({ store })
    await browser.get('/login')
    const { cookie } = browser
    const response = await browser.get('/logout')
    expect(response.header('set-cookie')).toBe('session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax')
    expect(store.size).toBe(0)
    browser.cookie = cookie
    expect((await browser.get('/read')).body).toBe('undefined')
  })

  test('a session that begins after expire() has a cookie of its own', async () => {
    const browser = Browser.of(
      {},
      {
        '/flash': async (request) => {
          const session = await getSession(request)
          session.expire()
          session.set('n', 'bye')
          return 'x'
        },
      },
    )
    await browser.get('/login')
    const { cookie } = browser
    await browser.get('/flash')
    expect(browser.cookie).not.toBe(cookie)
    expect([(await browser.get('/n')).body, (await browser.get('/read')).body]).toEqual(['bye', 'undefined'])
  })

  test('persistent cookies have the lifetime of the session, and are prolonged', async () => {
    const browser = Browser.of({ persistent: true, idleTimeoutMs: 100_000, absoluteTimeoutMs: 150_000 })
    expect((await browser.get('/login')).header('set-cookie')).toContain('; Max-Age=100;')
    expect((await browser.get('/read')).header('set-cookie')).toBeUndefined()
    browser.clients.reactor.advance(80_000)
    expect((await browser.get('/read')).header('set-cookie')).toContain('; Max-Age=70;')
  })

  test('requests of one session at the same time do not overwrite each other', async () => {
    const store = new SlowStore()
    store.slow = false
    const resume: (() => void)[] = []
    const set = async (request: Request): Promise<string> => {
      const session = await getSession(request)
      await new Promise<void>((resolve) => resume.push(resolve))
      session.set(request.args.get('name') ?? '', 1)
      return 'set'
    }
    const all = async (request: Request): Promise<string> => {
      const session = await getSession(request)
      return ['a', 'b', 'c', 'n'].map((name) => session.get(name)).join()
    }
    const browser = Browser.of({ store }, { '/wait': set, '/all': all })
    await browser.get('/set?v=0')
    const pending = ['a', 'b', 'c'].map((name) =>
      browser.clients.begin(`/wait?name=${name}`, { headers: browser.headers }),
    )
    await browser.clients.reactor.settle()
    for (const go of resume.toReversed()) go()
    for (const one of pending) expect((await one.received()).body).toBe('set')
    expect((await browser.get('/all')).body).toBe('1,1,1,0')
    expect(store.calls.filter((call) => call === 'load').length).toBe(2)
  })

  describe('with a store that takes its time', () => {
    test('are saved before the response is sent', async () => {
      const store = new SlowStore()
      const browser = Browser.of({ store })
      const login = browser.clients.begin('/login')
      await browser.clients.reactor.settle()
      expect([store.calls, login.transport.value()]).toEqual([['create'], ''])
      store.settle()
      expect((await login.received()).status).toBe(200)
    })

    test('cannot be loaded while they are being removed', async () => {
      const store = new SlowStore()
      store.slow = false
      const browser = Browser.of({ store })
      await browser.get('/login')
      store.slow = true
      const logout = browser.clients.begin('/logout', { headers: browser.headers })
      await browser.clients.reactor.settle()
      store.settle()
      await browser.clients.reactor.settle()
      expect(store.calls).toEqual(['create', 'load', 'remove'])
      expect((await browser.get('/read')).body).toBe('undefined')
      store.settle()
      expect((await logout.received()).body).toBe('out')
      expect(store.records.size).toBe(0)
    })

    test('respond with 503 when it hangs, and log that', async () => {
      const store = new SlowStore()
      const browser = Browser.of({ store, storeTimeoutMs: 1_000 })
      const { reactor } = browser.clients
      const login = browser.clients.begin('/login')
      await reactor.settle()
      reactor.advance(1_200)
      const response = await login.received()
      expect([response.status, response.header('set-cookie')]).toEqual([503, undefined])
      expect(reactor.flushLoggedErrors().map(String)).toEqual(['Error: Cannot save a session within 1000 ms'])
    })

    test('respond with 503 at the deadline also to requests that wait for the write of another', async () => {
      const store = new SlowStore()
      store.slow = false
      const browser = Browser.of({ store, storeTimeoutMs: 1_000 })
      const { reactor } = browser.clients
      await browser.get('/login')
      store.slow = true
      const requests = [1, 2, 3, 4].map((v) =>
        browser.clients.begin(`/set?v=${v}`, { headers: browser.headers }),
      )
      await reactor.settle()
      store.settle()
      await reactor.settle()
      // The first save hangs, and the others wait for it.
      reactor.advance(1_200)
      await reactor.settle()
      const responses = await Promise.all(requests.map((request) => request.received()))
      expect(responses.map(({ status }) => status)).toEqual([503, 503, 503, 503])
      reactor.flushLoggedErrors()
    })

    test('that it saves too late do not come back after they were ended', async () => {
      const store = new SlowStore()
      store.slow = false
      const browser = Browser.of({ store, storeTimeoutMs: 1_000 })
      const { reactor } = browser.clients
      await browser.get('/login')
      store.slow = true
      const set = browser.clients.begin('/set?v=1', { headers: browser.headers })
      await reactor.settle()
      store.settle()
      await reactor.settle()
      // The save hangs.
      reactor.advance(1_200)
      expect((await set.received()).status).toBe(503)
      set.leave()
      const [late] = store.waiting.splice(0)
      store.slow = false
      await browser.get('/logout')
      expect(store.records.size).toBe(0)
      late?.()
      await reactor.settle()
      reactor.advance(1_200)
      await reactor.settle()
      expect(store.records.size).toBe(0)
      reactor.flushLoggedErrors()
    })
  })

  test.each<[string, Partial<SessionStore>]>([
    ['throws', { load: () => JSON.parse('{') }],
    ['rejects', { load: () => Promise.reject(new Error('down')) }],
  ])('respond with 503 when the store %s, and log that', async (_, broken) => {
    const memory = new MemorySessionStore()
    const browser = Browser.of({ store: memory })
    await browser.get('/login')
    const store: SessionStore = {
      load: (id) => memory.load(id),
      save: (id, record, isNew) => memory.save(id, record, isNew),
      remove: (id) => memory.remove(id),
      ...broken,
    }
    const other = Browser.of({ store })
    other.cookie = browser.cookie
    expect((await other.get('/read')).status).toBe(503)
    expect((await other.get('/plain')).status).toBe(200)
    expect(other.clients.reactor.flushLoggedErrors()).toHaveLength(1)
  })

  test.each<Partial<SessionRecord>>([
    ...['{', '[]', '"x"', 'null', ''].map((data) => ({ data })),
    { createdMs: NaN },
    { savedMs: '2026' as never },
  ])('ignore the malformed record %j, and log that', async (wrong) => {
    const memory = new MemorySessionStore()
    const browser = Browser.of({
      store: {
        load: (id) => {
          const record = memory.load(id)
          return record && { ...record, ...wrong }
        },
        save: (id, record, isNew) => memory.save(id, record, isNew),
        remove: (id) => memory.remove(id),
      },
    })
    await browser.get('/login')
    expect((await browser.get('/read')).body).toBe('undefined')
    expect(browser.clients.reactor.flushLoggedErrors()).toHaveLength(1)
  })

  test('send the cookie with the response of a method that fails or writes it itself', async () => {
    const browser = Browser.of(
      {},
      {
        '/fail': async (request) => {
          const session = await getSession(request)
          session.renewId()
          session.set('n', 'kept')
          throw HTTPError.withoutStack(409)
        },
        '/write': async (request) => {
          const session = await getSession(request)
          session.renewId()
          session.set('n', 'written')
          request.write('a')
          session.set('late', 1)
          request.finish('b')
          return NOT_DONE_YET
        },
        '/late': async (request) => String((await getSession(request)).get('late')),
      },
    )
    expect((await browser.get('/fail')).status).toBe(409)
    expect((await browser.get('/n')).body).toBe('kept')
    expect((await browser.get('/write')).body).toContain('a')
    expect([(await browser.get('/n')).body, (await browser.get('/late')).body]).toEqual(['written', '1'])
  })

  test('send one cookie with the 500 that replaces a response which cannot be sent', async () => {
    const browser = Browser.of(
      {},
      {
        '/wrong': async (request) => {
          const session = await getSession(request)
          session.set('n', 1)
          request.setHeader('Content-Length', '99')
          return 'short'
        },
      },
    )
    const response = await browser.get('/wrong')
    expect([response.status, response.all('set-cookie').length]).toEqual([500, 1])
    expect((await browser.get('/n')).body).toBe('1')
    expect(browser.clients.reactor.flushLoggedErrors()).toHaveLength(1)
  })

  test('log that a session is lost, which begins after the head was sent', async () => {
    const browser = Browser.of(
      {},
      {
        '/late': async (request) => {
          const session = await getSession(request)
          request.write('a')
          session.set('n', 1)
          request.finish()
          return NOT_DONE_YET
        },
      },
    )
    expect((await browser.get('/late')).header('set-cookie')).toBeUndefined()
    expect(browser.clients.reactor.flushLoggedErrors().map(String)).toEqual([
      expect.stringContaining('Cannot send the cookie of a session: the head was sent, set the first value'),
    ])
  })

  test('save what a stream sets while it is sent', async () => {
    const browser = Browser.of(
      {},
      {
        '/stream': async (request) => {
          const session = await getSession(request)
          session.set('n', 0)
          return (async function* () {
            yield 'a'
            session.set('n', 1)
            yield 'b'
          })()
        },
      },
    )
    await browser.get('/stream')
    expect((await browser.get('/n')).body).toBe('1')
  })

  test('are no use without the wrapper', async () => {
    const clients = new Clients(root({}))
    expect((await clients.ask('/read')).status).toBe(500)
    expect(String(clients.reactor.flushLoggedErrors()[0])).toContain('put the resource behind sessions(')
  })

  test.each<[string, unknown, RegExp]>([
    ['no options', undefined, /give an object, such as \{ keys/],
    ['no keys', {}, /Cannot take keys undefined for sessions: give a list of secrets/],
    ['an empty list of keys', { keys: [] }, /give a list of secrets of at least 32 bytes/],
    ['a short key', { keys: [KEY, 'hunter2'] }, /keys "with a short one" for sessions/],
    ['a key without a list', { keys: 'hunter2' }, /keys "with a string" for sessions: give a list/],
    ['a name that is no token', { keys: [KEY], cookieName: 'a; Path=/x' }, /cookieName/],
    ['the prefix in the name', { keys: [KEY], cookieName: '__Host-x' }, /without the prefix/],
    ['a store without methods', { keys: [KEY], store: new Map() }, /give a SessionStore/],
    ['an unknown option', { keys: [KEY], secret: KEY }, /unknown option "secret"/],
    ['another SameSite', { keys: [KEY], sameSite: 'Lax' }, /give 'strict' or 'lax' or 'none'/],
    ['no lifetime', { keys: [KEY], idleTimeoutMs: 0 }, /idleTimeoutMs/],
  ])('refuse %s', (_, options, message) => {
    expect(() => sessions(root({}), options as never)).toThrow(message)
    expect(() => sessions(root({}), options as never)).not.toThrow('hunter2')
  })
})

/** The next character of base64url, which differs in the last bit alone. */
function next(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet.charAt(alphabet.indexOf(character) ^ 1)
}
