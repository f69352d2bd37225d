import { describe, expect, test } from 'vitest'
import type { StopOptions } from '../../src/interfaces/reactor.ts'
import { DEFAULT_STOP_OPTIONS, checkRunOptions, stopSettings } from '../../src/lifecycle/stop-options.ts'

const NAMES = ['delayMs', 'triggerMs', 'drainOverMs', 'drainMs'] as const
const BAD: readonly (readonly [unknown, ErrorConstructor])[] = [
  [Number.NaN, RangeError],
  [-1, RangeError],
  [Infinity, RangeError],
  ['5000', TypeError],
  [null, TypeError],
]

describe('stopSettings', () => {
  test('takes the options of the stop, then those of the run, then the defaults', () => {
    expect(stopSettings({}, undefined)).toEqual(DEFAULT_STOP_OPTIONS)
    expect(stopSettings({ drainMs: 1 }, { drainMs: 2, delayMs: 3 })).toEqual({
      ...DEFAULT_STOP_OPTIONS,
      drainMs: 1,
      delayMs: 3,
    })
    expect(stopSettings(Object.fromEntries(NAMES.map((name) => [name, 0])), undefined)).toEqual(
      Object.fromEntries(NAMES.map((name) => [name, 0])),
    )
  })

  test.each(NAMES)('refuses a %s that is no number of milliseconds', (name) => {
    for (const [value, kind] of BAD) {
      const given = { [name]: value } as StopOptions
      expect(() => stopSettings(given, undefined)).toThrow(kind)
      expect(() => stopSettings(given, undefined)).toThrow(`Cannot take ${name} `)
      expect(() => checkRunOptions({ stop: given })).toThrow(`Cannot take ${name} `)
    }
  })
})

describe('checkRunOptions', () => {
  test('refuses an unknown option by name, at either level', () => {
    const misspelt = { installSignalHandler: false } as object
    expect(() => checkRunOptions(misspelt)).toThrow('did you mean installSignalHandlers?')
    expect(() => checkRunOptions({ stop: { drainMS: 1 } as object })).toThrow('did you mean drainMs?')
    expect(() => checkRunOptions({ installSignalHandlers: 'no' } as object)).toThrow('give true or false')
  })
})
