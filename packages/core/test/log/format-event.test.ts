import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatEvent } from '../../src/log/format-event.ts'
import { HOSTILE } from './hostile-values.ts'

describe('formatEvent', () => {
  test('fills in fields, and what is in them', () => {
    const fields = { user: { name: 'Ann', tags: ['new'] }, count: 2, nothing: undefined }
    const text = '{user.name} ({user.tags.0}, {user.name.length}) has {count} and {nothing}, {nothing.more}'
    expect(formatEvent({ text, fields })).toBe('Ann (new, 3) has 2 and undefined, undefined')
  })

  test.each(['{other}', '{}', '{ count }', '{count', '{"count":1}', '{constructor}', '{toString}', '{0}'])(
    'leaves %s, which names no field, as it is',
    (text) => {
      expect(formatEvent({ text, fields: { count: 2 } })).toBe(text)
    },
  )

  test('fills in nothing without fields, and nothing in what was filled in', () => {
    expect(formatEvent({ text: 'The peer said {secret}' })).toBe('The peer said {secret}')
    expect(formatEvent({ text: '{said}', fields: { said: '{secret}', secret: 1 } })).toBe('{secret}')
    expect(formatEvent({ text: '{said}', fields: { said: "$& $1 $'" } })).toBe("$& $1 $'")
  })

  test.each(HOSTILE)('survives %s', (_name, hostile) => {
    expect(formatEvent({ text: 'before {hostile} after', fields: { hostile } })).toMatch(
      /^before .*\(unreadable\).* after$/,
    )
  })

  test('survives an attribute that throws', () => {
    const fields = {
      get broken(): never {
        throw new Error('no')
      },
    }
    expect(formatEvent({ text: '{broken} {broken.x}', fields })).toBe('(unreadable) (unreadable)')
  })

  test('is one line, whatever comes from the network', () => {
    const anything = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(anything, anything, (text, said) => {
        expect(formatEvent({ text: `${text}{said}`, fields: { said } })).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})
