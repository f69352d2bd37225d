import { expect, test } from 'vitest'
import { CallSite, describeLeak, framesHere, siteOf } from '../src/call-site.ts'

test('CallSite has the frames of the program, innermost first', () => {
  const site = new CallSite().text
  expect(site).toMatch(/^at .*call-site\.test\.ts:\d+:\d+/)
  expect(framesHere(3)[0]).toContain('call-site.test.ts')
})

test('siteOf leaves out the frames of Node and of Ropewalk', () => {
  const packages = new URL('../..', import.meta.url).pathname
  const frames = [
    'at node:net:1:1',
    `at x (${packages}core/src/a.ts:1:1)`,
    'at y (/p/node_modules/@ropewalk/simulation/dist/b.js:2:2)',
    'at z (/app/core/src/c.ts:3:3)',
  ]
  expect(siteOf(frames)).toBe('at z (/app/core/src/c.ts:3:3)')
})

test('describeLeak names the host and the place that opened it', () => {
  const leak = {
    host: 'server',
    what: 'port',
    name: '10.0.0.1:80',
    openedAt: 'at main (app.ts:3:1)',
  } as const
  expect(describeLeak(leak)).toBe('server has not closed the port 10.0.0.1:80, opened at main (app.ts:3:1)')
  expect(describeLeak({ ...leak, openedAt: '' })).toBe('server has not closed the port 10.0.0.1:80')
})
