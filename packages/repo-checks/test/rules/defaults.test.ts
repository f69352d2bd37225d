import { expect, test } from 'vitest'
import { defaults } from '../../src/rules/defaults.ts'
import { violationsOf } from '../violations-of.ts'

const SOURCE = `
const DEFAULT_DRAIN_MS = 10_000
export const DEFAULT_OPTIONS = { highWaterBytes: 64 * 1024, origins: 'same' }
export class Receiver { maxLengthBytes: number = 16_384; #maxHidden = 1; other = 2 }
function connect({ timeoutMs = 500, name = 'x', retries = 3 }) {}
`
const PAGE = `
| Option | Default | Beyond it |
|---|---|---|
| \`drainMs\` | 10 000 ms | aborted |
| \`highWaterBytes\` | 65 536 bytes | producers pause |
| \`maxLengthBytes\` | 16 384 bytes | closed |
| \`timeoutMs\` | 500 ms | fails |
`

test('defaults accepts a page that agrees with the sources', () => {
  const found = violationsOf(defaults, { 'packages/core/src/a.ts': SOURCE, 'docs/defaults.md': PAGE })
  expect(found).toEqual([])
})

test('defaults finds a default that the page lacks, and one that it states wrongly', () => {
  const page = PAGE.replace('10 000', '10 001').replace(/.*highWater.*\n/, '')
  const found = violationsOf(defaults, { 'packages/core/src/a.ts': SOURCE, 'docs/defaults.md': page })
  expect(found).toEqual([
    'packages/core/src/a.ts:2 drainMs is 10000 by default',
    'packages/core/src/a.ts:3 highWaterBytes is 65536 by default',
    'docs/defaults.md:4 states that drainMs is 10001 by default, which no source does',
  ])
})

test('defaults ignores a repository without the page, and the doubles for tests', () => {
  expect(violationsOf(defaults, { 'packages/core/src/a.ts': SOURCE })).toEqual([])
  expect(
    violationsOf(defaults, { 'packages/core/src/testing/a.ts': SOURCE, 'docs/defaults.md': '' }),
  ).toEqual([])
})
