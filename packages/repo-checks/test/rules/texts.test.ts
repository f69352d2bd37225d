import { describe, expect, test } from 'vitest'
import { texts } from '../../src/rules/texts.ts'
import { violationsOf } from '../violations-of.ts'

// The samples are put together here, for the rule reads this file too.
const joined = (...parts: readonly string[]): string => parts.join('')
const path = (folder: string): string => `/${folder}/`

describe('texts', () => {
  test.each([
    [joined('Written by an A', 'I.'), 'names its author'],
    [joined('Co-authored-', 'by: Ann'), 'names its author'],
    [joined('Generated ', 'with a tool'), 'names its author'],
    [joined('as the last working ', 'session left it'), 'describes the work on it'],
    [`https:/${path('registry.example.org')}a`, 'names a registry'],
    [`see ${path('work')}main`, 'names a path of one machine'],
    [`see ${path('home/me')}main`, 'names a path of one machine'],
    [`see ${path('tmp')}a`, 'names a path of one machine'],
  ])('finds “%s”', (text, what) => {
    expect(violationsOf(texts, { 'docs/a.md': `# A\n\n${text}\n` })).toEqual([`docs/a.md:3 ${what}`])
  })

  test.each([
    'A session lasts as long as its cookie.',
    'It keeps one registry of connections.',
    'src/work/a.ts',
    'https://example.org/work/',
    'AIRPORT',
  ])('accepts “%s”', (text) => {
    expect(violationsOf(texts, { 'docs/a.md': text })).toEqual([])
  })

  test('lets tests use the folder for passing files', () => {
    expect(violationsOf(texts, { 'packages/core/test/a.test.ts': `'${path('tmp')}a.sock'` })).toEqual([])
  })
})
