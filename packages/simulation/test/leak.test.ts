import { expect, test } from 'vitest'
import { describeLeak } from '../src/leak.ts'

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
