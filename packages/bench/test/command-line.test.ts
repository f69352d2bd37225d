import { describe, expect, it } from 'vitest'
import { flag, pattern, positiveNumber, someOf, valuesOf, wholeNumber } from '../src/command-line.ts'

describe('valuesOf', () => {
  const options = {
    only: someOf(['ws-ping', 'tcp-16k'], 'Some.'),
    rounds: wholeNumber('Rounds.'),
    seconds: positiveNumber('Seconds.'),
    match: pattern('Names.'),
    packed: flag('Packed.'),
  }
  const read = (...args: string[]) => valuesOf({ command: 'npm run bench', options }, args)

  it('reads all options', () => {
    expect(read('--only', 'ws-ping,tcp-16k', '--rounds', '3', '--seconds=0.5', '--packed')).toEqual({
      only: ['ws-ping', 'tcp-16k'],
      rounds: 3,
      seconds: 0.5,
      match: /(?:)/,
      packed: true,
    })
  })
  it('leaves undefined what is not given', () => {
    expect(read()).toEqual({
      only: undefined,
      rounds: undefined,
      seconds: undefined,
      match: /(?:)/,
      packed: false,
    })
  })
  it('is undefined when help is asked for', () => {
    expect(read('--help')).toBeUndefined()
  })
  it.each([
    [['--rounds', '0'], '--rounds must be a whole number of at least 1, got "0"'],
    [['--rounds', '1.5'], '--rounds must be a whole number of at least 1, got "1.5"'],
    [['--rounds', ''], '--rounds must be a whole number of at least 1, got ""'],
    [['--seconds', '0'], '--seconds must be a number above 0, got "0"'],
    [['--seconds', 'Infinity'], '--seconds must be a number above 0, got "Infinity"'],
    [['--only', 'ws-ping,nosuch'], '--only must be some of ws-ping tcp-16k, got "nosuch"'],
    [['--match', '('], '--match must be a regular expression, got "("'],
    [['--nosuch'], "Unknown option '--nosuch'; npm run bench -- --help lists the options"],
    [['ws-ping'], "Unexpected argument 'ws-ping'"],
    [['--rounds'], "Option '--rounds <value>' argument missing"],
  ])('refuses %j with one line', (args, message) => {
    expect(() => read(...args)).toThrow(message)
    expect(() => read(...args)).toThrow(/^[^\n]*$/)
  })
})
