import { describe, expect, test } from 'vitest'
import {
  byteCount,
  checkOptions,
  checkValue,
  filledText,
  listOf,
  milliseconds,
  oneOf,
  type OptionRules,
  withDefaults,
} from '../../src/options.ts'

interface CacheOptions {
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly mode: string
  readonly names: readonly string[]
}

const RULES: OptionRules<CacheOptions> = {
  maxBytes: byteCount({ least: 1, endless: true }),
  timeoutMs: milliseconds(),
  mode: oneOf('fast', 'safe'),
  names: listOf(filledText),
}
const DEFAULTS: CacheOptions = { maxBytes: 1_024, timeoutMs: 500, mode: 'safe', names: [] }

function check(given: unknown): void {
  checkOptions<CacheOptions>('Cache', given as Partial<CacheOptions>, RULES, { size: 'maxBytes' })
}

describe('checkOptions', () => {
  test.each([
    [undefined],
    [{}],
    [Object.create(null)],
    [{ timeoutMs: undefined }],
    [{ maxBytes: Infinity, timeoutMs: 0.5 }],
  ])('accepts %o', (given) => {
    expect(() => check(given)).not.toThrow()
  })

  test.each([
    [
      { timeoutMs: NaN },
      RangeError,
      'Cannot take timeoutMs NaN for Cache: give a number of milliseconds, 0 or more',
    ],
    [{ timeoutMs: -1 }, RangeError, 'Cannot take timeoutMs -1 for Cache'],
    [{ timeoutMs: Infinity }, RangeError, 'Cannot take timeoutMs Infinity for Cache'],
    [{ timeoutMs: '5000' }, TypeError, 'Cannot take timeoutMs "5000" for Cache'],
    [{ timeoutMs: null }, TypeError, 'Cannot take timeoutMs null for Cache'],
    [{ maxBytes: 0 }, RangeError, 'give a whole number of bytes, 1 or more, or Infinity for no limit'],
    [{ maxBytes: 1.5 }, RangeError, 'Cannot take maxBytes 1.5 for Cache'],
    [{ mode: 'quick' }, RangeError, `Cannot take mode "quick" for Cache: give 'fast' or 'safe'`],
    [{ names: 'a,b' }, TypeError, 'Cannot take names "a,b" for Cache: give a list'],
    [{ names: ['a', ''] }, RangeError, 'Cannot take names[1] "" for Cache: give a string that is not empty'],
    [
      { timeout: 5 },
      TypeError,
      'Cannot take the unknown option "timeout" for Cache: did you mean timeoutMs?',
    ],
    [{ size: 5 }, TypeError, 'did you mean maxBytes?'],
    [{ toString: 5 }, TypeError, 'the options are maxBytes, mode, names, timeoutMs'],
    [{ colour: undefined }, TypeError, 'Cannot take the unknown option "colour" for Cache'],
    ['fast', TypeError, 'Cannot take "fast" as the options of Cache: give a plain object'],
    [['fast'], TypeError, 'Cannot take a list as the options of Cache: give a plain object'],
    [null, TypeError, 'Cannot take null as the options of Cache: give a plain object'],
    [
      new Map([['timeoutMs', 5]]),
      TypeError,
      'Cannot take a Map as the options of Cache: give a plain object',
    ],
    [
      new (class Own {
        get timeoutMs(): number {
          return 5
        }
      })(),
      TypeError,
      'Cannot take an Own as the options',
    ],
    [() => 0, TypeError, 'as the options of Cache: give a plain object'],
  ])('refuses %o', (given, kind, message) => {
    expect(() => check(given)).toThrow(kind)
    expect(() => check(given)).toThrow(message)
  })

  test('quotes only the beginning of a long text', () => {
    expect(() => check({ mode: 'x'.repeat(1_000) })).toThrow(`"${'x'.repeat(40)}"`)
  })
})

describe('withDefaults', () => {
  test('returns the defaults object itself when no option is given', () => {
    expect(withDefaults('Cache', DEFAULTS, undefined, RULES)).toBe(DEFAULTS)
    expect(withDefaults('Cache', DEFAULTS, {}, RULES)).toBe(DEFAULTS)
    expect(withDefaults('Cache', DEFAULTS, { mode: undefined }, RULES)).toBe(DEFAULTS)
  })

  test('replaces given options, and keeps the defaults of undefined ones', () => {
    const options = withDefaults('Cache', DEFAULTS, { timeoutMs: 7, mode: undefined }, RULES)
    expect(options).toEqual({ ...DEFAULTS, timeoutMs: 7 })
  })

  test('checks the options', () => {
    expect(() => withDefaults('Cache', DEFAULTS, { timeoutMs: NaN }, RULES)).toThrow(RangeError)
  })
})

describe('checkValue', () => {
  test('names the argument and its owner', () => {
    const delay = (value: unknown) => checkValue('callLater', 'delayMs', value, milliseconds())
    expect(() => delay(0)).not.toThrow()
    expect(() => delay('5000')).toThrow('Cannot take delayMs "5000" for callLater')
    expect(() => delay(undefined)).toThrow(TypeError)
  })
})
