import { expect, test } from 'vitest'
import { callSite, describeLeak, framesHere, siteOf } from '../src/call-site.ts'

test('a call site is the program’s own lines, innermost first', () => {
  const site = callSite()
  expect(site).toMatch(/^at .*call-site\.test\.ts:\d+:\d+/)
  expect(framesHere(3)[0]).toContain('call-site.test.ts')
})

test('frames of Node and of the packages that carry programs are nobody’s own', () => {
  const frames = [
    'at node:net:1:1',
    'at x (/p/core/src/a.ts:1:1)',
    'at y (/p/simulation/dist/b.js:2:2)',
    'at z (/app/c.ts:3:3)',
  ]
  expect(siteOf(frames)).toBe('at z (/app/c.ts:3:3)')
})

test('describeLeak says whose it is and where it comes from', () => {
  const leak = {
    host: 'server',
    what: 'port',
    name: '10.0.0.1:80',
    openedAt: 'at main (app.ts:3:1)',
  } as const
  expect(describeLeak(leak)).toBe('server has not closed the port 10.0.0.1:80, opened at main (app.ts:3:1)')
  expect(describeLeak({ ...leak, openedAt: '' })).toBe('server has not closed the port 10.0.0.1:80')
})
