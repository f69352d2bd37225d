import { describe, expect, test } from 'vitest'
import { MemorySessionStore, type SessionRecord } from '../../src/resources.ts'

function record(savedMs = 0, data = '{}', lifetimeMs = 1_000): SessionRecord {
  return { data, createdMs: 0, savedMs, expiresMs: savedMs + lifetimeMs }
}

describe('MemorySessionStore', () => {
  test('keeps, replaces and removes records', () => {
    const store = new MemorySessionStore()
    store.save('a', record(0, '{"n":1}'), true)
    store.save('a', record(1, '{"n":22}'), false)
    expect([store.load('a')?.data, store.size, store.bytes]).toEqual(['{"n":22}', 1, 18])
    store.remove('a')
    store.remove('a')
    expect([store.load('a'), store.size, store.bytes]).toEqual([undefined, 0, 0])
  })

  test('does not bring back a session that was removed', () => {
    const store = new MemorySessionStore()
    store.save('a', record(), false)
    expect(store.load('a')).toBeUndefined()
  })

  test('drops the least recently used session beyond maxSessions', () => {
    const store = new MemorySessionStore({ maxSessions: 2 })
    store.save('a', record(), true)
    store.save('b', record(), true)
    store.load('a')
    store.save('c', record(), true)
    expect([store.load('a'), store.load('b'), store.load('c')].map((one) => one !== undefined)).toEqual([
      true,
      false,
      true,
    ])
  })

  test('drops sessions beyond maxBytes, and keeps none that is larger by itself', () => {
    const store = new MemorySessionStore({ maxBytes: 12 })
    store.save('a', record(), true)
    store.save('b', record(), true)
    expect([store.size, store.bytes]).toEqual([2, 12])
    store.save('c', record(), true)
    expect([store.size, store.load('a')]).toEqual([2, undefined])
    store.save('d', record(0, '{"n":123}'), true)
    expect([store.size, store.bytes]).toEqual([0, 0])
  })

  test('drops expired sessions as others are saved', () => {
    const store = new MemorySessionStore()
    for (let at = 0; at < 20; at++) store.save(`${at}`, record(0), true)
    for (let at = 0; at < 3; at++) store.save(`new ${at}`, record(1_000), true)
    expect(store.size).toBe(3)
  })

  test('refuses wrong bounds', () => {
    expect(() => new MemorySessionStore({ maxSessions: 0 })).toThrow(RangeError)
    expect(() => new MemorySessionStore({ max: 1 } as never)).toThrow(TypeError)
  })
})
