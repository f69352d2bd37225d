import { describe, expect, test } from 'vitest'
import { honestTests } from '../../src/rules/honest-tests.ts'
import { violationsOf } from '../violations-of.ts'

describe('honestTests', () => {
  test.each([
    ["test.skip('a', f)", 'uses test.skip'],
    ["it.only('a', f)", 'uses it.only'],
    ["describe.todo('a')", 'uses describe.todo'],
    ["vi.mock('./a.ts')", 'uses vi.mock'],
    ['await new Promise((resolve) => setTimeout(resolve, 5))', 'uses setTimeout'],
    ["import { setTimeout as sleep } from 'node:timers/promises'", 'uses setTimeout'],
    ["import { connect } from 'node:net'", 'imports node:net'],
  ])('finds %s', (text, what) => {
    const path = 'packages/http/test/server/a.test.ts'
    expect(violationsOf(honestTests, { [path]: `\n${text}` })).toEqual([`${path}:2 ${what}`])
  })

  test.each(["test.skipIf(chromium === undefined)('a', f)", 'clock.advance(5)', 'options.only'])(
    'accepts %s',
    (text) => {
      expect(violationsOf(honestTests, { 'packages/http/test/server/a.test.ts': text })).toEqual([])
    },
  )

  test.each([
    'packages/core/test/node/a.test.ts',
    'packages/conformance/test/a.test.ts',
    'examples/test/a.test.ts',
  ])('accepts sockets and real time in %s', (path) => {
    expect(
      violationsOf(honestTests, { [path]: "import { connect } from 'node:net'\nsetTimeout(f, 5)" }),
    ).toEqual([])
  })
})
