import { describe, expect, test } from 'vitest'
import { ambientEffects } from '../../src/rules/ambient-effects.ts'
import { violationsOf } from '../violations-of.ts'

describe('ambientEffects', () => {
  test.each([
    ['setTimeout(f, 1)', 'uses the global setTimeout'],
    ['const later = setImmediate', 'uses the global setImmediate'],
    ['globalThis.setTimeout(f, 1)', 'uses globalThis.setTimeout'],
    ['const now = Date.now()', 'uses Date.now'],
    ['const now = new Date()', 'uses new Date()'],
    ['const now = Date()', 'uses Date()'],
    ['const now = performance.now()', 'uses the global performance'],
    ['const dice = Math.random()', 'uses Math.random'],
    ['const id = crypto.randomUUID()', 'uses crypto.randomUUID'],
    ['process.nextTick(f)', 'uses the global process'],
    ['const signal = AbortSignal.timeout(5)', 'uses AbortSignal.timeout'],
  ])('finds %s', (text, what) => {
    const path = 'packages/http/src/server/a.ts'
    expect(violationsOf(ambientEffects, { [path]: `\n${text}` })).toEqual([`${path}:2 ${what}`])
  })

  test.each([
    'reactor.callLater(5, f)',
    'const text = new Date(reactor.now()).toUTCString()',
    'class A { setTimeout(ms: number) { this.timeout.setTimeout(ms) } }',
    'queueMicrotask(f)',
    'const most = Math.max(1, 2)',
  ])('accepts %s', (text) => {
    expect(violationsOf(ambientEffects, { 'packages/http/src/server/a.ts': text })).toEqual([])
  })

  test('accepts everything in core/src/node and in tools', () => {
    const text = 'setTimeout(f, Date.now() * Math.random())'
    expect(
      violationsOf(ambientEffects, {
        'packages/core/src/node/a.ts': text,
        'packages/repo-checks/src/reading/a.ts': text,
      }),
    ).toEqual([])
  })
})
