import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { OpenSessions } from '../../src/resources/open-sessions.ts'
import { Session } from '../../src/resources/session.ts'
import { SessionValues } from '../../src/resources/session-values.ts'
import { MemorySessionStore } from '../../src/resources.ts'
import type { Request } from '../../src/server/request.ts'

const LIMITS = {
  idleTimeoutMs: 1_000,
  absoluteTimeoutMs: 10_000,
  storeTimeoutMs: 500,
  maxSessionBytes: 100,
}

async function begun() {
  const reactor = new MemoryReactor()
  const request = { reactor, method: 'GET', path: '/' } as unknown as Request
  const store = new MemorySessionStore()
  const sessions = new OpenSessions(store, LIMITS)
  const session = sessions.create(request, new SessionValues(100), reactor.wallClock())
  session.values.set('n', 1)
  sessions.hold(session)
  await sessions.save(session, request)
  return { reactor, request, store, sessions, session }
}

describe('OpenSessions', () => {
  test('shares a session between requests, and forgets it when the last one has ended', async () => {
    const { request, sessions, session } = await begun()
    expect(await sessions.use(session.id, request)).toBe(session)
    sessions.release(session)
    expect(sessions.size).toBe(1)
    sessions.release(session)
    expect(sessions.size).toBe(0)
    const again = await sessions.use(session.id, request)
    expect(again).not.toBe(session)
    expect(again?.values.get('n')).toBe(1)
  })

  test('loads a session once for requests at the same time', async () => {
    const { request, sessions, session } = await begun()
    sessions.release(session)
    const [one, other] = await Promise.all([
      sessions.use(session.id, request),
      sessions.use(session.id, request),
    ])
    expect([one === other, one?.users]).toEqual([true, 2])
  })

  test('ends a session that expires while a request still uses it', async () => {
    const { reactor, request, sessions, session, store } = await begun()
    reactor.advance(1_000)
    expect(await sessions.use(session.id, request)).toBeUndefined()
    expect([session.ended, store.size, sessions.size]).toEqual([true, 0, 0])
    session.values.set('n', 2)
    await sessions.save(session, request)
    expect(store.size).toBe(0)
    sessions.release(session)
    expect(sessions.size).toBe(0)
  })

  test('keeps nothing for a program that saves after its request', async () => {
    const { request, sessions, session, store } = await begun()
    const late = new Session(sessions, request, undefined, session, () => new SessionValues(100))
    late.release()
    expect(sessions.size).toBe(0)
    late.set('n', 2)
    await late.save()
    late.renewId()
    late.set('n', 3)
    await late.save()
    expect([sessions.size, store.size, store.load(late.uid)?.data]).toEqual([0, 1, '{"n":3}'])
  })

  test('removes a session that was ended after a save has failed', async () => {
    const { reactor, request, sessions, session, store } = await begun()
    const used = new Session(sessions, request, undefined, session, () => new SessionValues(100))
    const save = store.save.bind(store)
    store.save = () => {
      throw new Error('down')
    }
    used.set('n', 2)
    await expect(used.save()).rejects.toThrow('Sessions are not available')
    expect(used.unsaved).toBe(false)
    store.save = save
    used.expire()
    expect(used.unsaved).toBe(true)
    await used.save()
    used.release()
    expect([sessions.size, store.size]).toEqual([0, 0])
    expect(reactor.flushLoggedErrors()).toHaveLength(1)
  })

  test('keeps nothing for ids that the store does not have', async () => {
    const { request, sessions, session } = await begun()
    sessions.release(session)
    for (let at = 0; at < 100; at++) expect(await sessions.use(`${at}`, request)).toBeUndefined()
    expect(sessions.size).toBe(0)
  })
})
