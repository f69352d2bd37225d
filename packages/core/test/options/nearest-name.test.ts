import { expect, test } from 'vitest'
import { nearestName } from '../../src/options/nearest-name.ts'

const KNOWN = ['seed', 'seedGlobals', 'maxBodyBytes', 'keepAliveTimeoutMs', 'interface', 'backlog']

test.each([
  ['maxBodyByte', 'maxBodyBytes'],
  ['maxbodybytes', 'maxBodyBytes'],
  ['keepAliveTimeout', 'keepAliveTimeoutMs'],
  ['keepAlveTimeoutMs', 'keepAliveTimeoutMs'],
  ['interfaces', 'interface'],
  ['backlg', 'backlog'],
  ['seedGlobal', 'seedGlobals'],
])('takes %s for %s', (name, meant) => {
  expect(nearestName(name, KNOWN)).toBe(meant)
})

test.each(['host', '', 'timeout', 'b', 'x'.repeat(100_000)])('finds nothing near %.10s', (name) => {
  expect(nearestName(name, KNOWN)).toBeUndefined()
})
