import type { OptionRule } from '@ropewalk/core/options'
import { describe, expect, test } from 'vitest'
import {
  DEFAULT_WEBSOCKET_OPTIONS,
  WEBSOCKET_OPTION_RULES,
  webSocketOptions,
} from '../../src/connection/websocket-options.ts'

describe('DEFAULT_WEBSOCKET_OPTIONS', () => {
  test('satisfies WEBSOCKET_OPTION_RULES', () => {
    for (const [name, rule] of Object.entries<OptionRule>(WEBSOCKET_OPTION_RULES))
      expect(rule(Reflect.get(DEFAULT_WEBSOCKET_OPTIONS, name)), name).toBeUndefined()
  })
})

describe('webSocketOptions', () => {
  const optionsWith = (name: string, value: unknown) => () => webSocketOptions('Owner', { [name]: value })
  const numbers = Object.entries(DEFAULT_WEBSOCKET_OPTIONS).filter(([, value]) => typeof value === 'number')

  test('uses the defaults when the options, or any option, are undefined', () => {
    expect(webSocketOptions('Owner', undefined)).toBe(DEFAULT_WEBSOCKET_OPTIONS)
    for (const name of Object.keys(DEFAULT_WEBSOCKET_OPTIONS))
      expect(optionsWith(name, undefined)(), name).toEqual(DEFAULT_WEBSOCKET_OPTIONS)
    expect(webSocketOptions('Owner', { closeTimeoutMs: 1, maxBytesAhead: undefined })).toEqual({
      ...DEFAULT_WEBSOCKET_OPTIONS,
      closeTimeoutMs: 1,
    })
  })

  test.each(numbers)('refuses %s with its name when it is not a number or out of range', (name) => {
    for (const value of ['5000', null, true, 5n, [5]])
      expect(optionsWith(name, value), String(value)).toThrow(TypeError)
    for (const value of [NaN, -1, -Infinity]) {
      expect(optionsWith(name, value), String(value)).toThrow(RangeError)
      expect(optionsWith(name, value)).toThrow(`Cannot take ${name} ${value} for Owner`)
    }
  })

  test('accepts Infinity only for limits of size, and for the deadlines of liveness', () => {
    const endless = ['maxMessageBytes', 'maxFrameBytes', 'pingIntervalMs', 'pongTimeoutMs', 'idleTimeoutMs']
    endless.push('frameTimeoutMs')
    for (const [name] of numbers) {
      if (endless.includes(name)) expect(optionsWith(name, Infinity)).not.toThrow()
      else expect(optionsWith(name, Infinity), name).toThrow(RangeError)
    }
  })

  test('refuses 0 for the deadlines of liveness, a code that cannot be sent and a reason that is too long', () => {
    for (const name of ['pingIntervalMs', 'pongTimeoutMs', 'idleTimeoutMs', 'frameTimeoutMs'])
      expect(optionsWith(name, 0), name).toThrow(RangeError)
    for (const code of [999, 1005, 1006, 1015, 5000])
      expect(optionsWith('drainCode', code), String(code)).toThrow(RangeError)
    expect(optionsWith('drainCode', 1012)).not.toThrow()
    expect(optionsWith('drainReason', 'ü'.repeat(61) + '.')).not.toThrow()
    expect(optionsWith('drainReason', 'ü'.repeat(62))).toThrow(RangeError)
    expect(optionsWith('drainReason', 5)).toThrow(TypeError)
    expect(optionsWith('autoPong', 0)).toThrow(TypeError)
  })

  test('refuses an unknown name, and suggests the nearest one', () => {
    expect(optionsWith('maxMessageByte', 5)).toThrow(
      'unknown option "maxMessageByte" for Owner: did you mean maxMessageBytes?',
    )
    expect(optionsWith('closeTimeout', 5)).toThrow('did you mean closeTimeoutMs?')
  })

  test('refuses options that are not an object', () => {
    for (const options of [null, 'same', 5, ['same']])
      expect(() => webSocketOptions('Owner', options as never), String(options)).toThrow(TypeError)
  })
})
