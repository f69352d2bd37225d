import { describe, expect, test } from 'vitest'
import { ConnectionLost } from '../../src/errors.ts'
import { errorLines } from '../../src/log/error-lines.ts'
import { HOSTILE } from './hostile-values.ts'

describe('errorLines', () => {
  const heads = (error: unknown): string[] => errorLines(error).filter((line) => !/^ *at /.test(line))

  test('are the stack', () => {
    const error = new TypeError('broken')
    expect(errorLines(error)).toEqual(error.stack?.split('\n'))
  })

  test('name the class, where the stack was taken before it had its name', () => {
    expect(errorLines(new ConnectionLost('gone'))[0]).toBe('ConnectionLost: gone')
  })

  test('go on with the causes', () => {
    const error = new Error('outer', { cause: new RangeError('middle', { cause: 'inner' }) })
    expect(heads(error)).toEqual(['Error: outer', 'Caused by: RangeError: middle', 'Caused by: inner'])
  })

  test('go on with the errors that an error gathers', () => {
    const error = new AggregateError([new Error('one'), 'two'], 'both failed')
    expect(heads(error)).toEqual([
      'AggregateError: both failed',
      '    One of them: Error: one',
      '    One of them: two',
    ])
  })

  test('end, though the causes go round in a circle or on for ever', () => {
    const circle = new Error('round')
    circle.cause = circle
    expect(heads(circle)).toEqual(['Error: round', 'Caused by: (and so on)'])
    class Endless extends Error {
      override get cause(): Error {
        return new Endless('again')
      }
    }
    expect(heads(new Endless('again')).at(-1)).toBe('Caused by: (and so on)')
  })

  test('show what is no error', () => {
    expect(errorLines({ code: 7 })).toEqual(['{"code":7}'])
    expect(errorLines('one\ntwo')).toEqual(['one\\ntwo'])
    expect(errorLines(Object.assign(new Error('bare'), { stack: undefined }))).toEqual(['Error: bare'])
  })

  test('escape what a message brings from the network', () => {
    const error = new Error('said \u001b[2J')
    expect(errorLines(error)[0]).toBe('Error: said \\x1b[2J')
  })

  test.each(HOSTILE)('survive %s', (_name, hostile) => {
    expect(errorLines(hostile).join('\n')).toContain('(unreadable)')
  })
})
