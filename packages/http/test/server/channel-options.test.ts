import { describe, expect, test } from 'vitest'
import { CHANNEL_OPTION_RULES, DEFAULT_CHANNEL_OPTIONS } from '../../src/server/channel-options.ts'
import { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'

describe('DEFAULT_CHANNEL_OPTIONS', () => {
  test('waits longer for the next request than load balancers do', () => {
    const { keepAliveTimeoutMs, headTimeoutMs, bodyTimeoutMs, idleTimeoutMs } = DEFAULT_CHANNEL_OPTIONS
    expect(keepAliveTimeoutMs).toBe(75_000)
    expect([headTimeoutMs, bodyTimeoutMs, idleTimeoutMs]).toEqual([60_000, 60_000, 60_000])
  })
})

/** Makes a site with one option, without a check of its type. */
function siteWith(options: unknown): Site {
  return new Site(new Resource(), options as { idleTimeoutMs: number })
}

describe('CHANNEL_OPTION_RULES', () => {
  /** The options that accept Infinity, for no limit. */
  const endless = new Set(['maxBodyBytes', 'responseTimeoutMs'])

  for (const [name, value] of Object.entries(DEFAULT_CHANNEL_OPTIONS)) {
    test(`${name} is a number, 0 or more`, () => {
      const refused = (given: unknown): unknown => {
        try {
          return siteWith({ [name]: given }) && 'accepted'
        } catch (error) {
          expect(String(error), `${name} ${String(given)}`).toContain(`Cannot take ${name} `)
          expect(String(error)).toContain('for Site: give a')
          return (error as Error).constructor
        }
      }
      expect(refused(NaN)).toBe(RangeError)
      expect(refused(-1)).toBe(RangeError)
      expect(refused('5000')).toBe(TypeError)
      expect(refused(null)).toBe(TypeError)
      expect(refused(true)).toBe(TypeError)
      expect(refused(Infinity)).toBe(endless.has(name) ? 'accepted' : RangeError)
      expect(refused(0.5)).toBe(/Ms$|PerSecond$/.test(name) ? 'accepted' : RangeError)
      expect(siteWith({ [name]: undefined }).options).toMatchObject({ [name]: value })
      expect(siteWith({ [name]: 7 }).options).toEqual({ ...DEFAULT_CHANNEL_OPTIONS, [name]: 7 })
    })
  }

  test('has exactly one rule for each default', () => {
    expect(Object.keys(CHANNEL_OPTION_RULES).toSorted()).toEqual(
      Object.keys(DEFAULT_CHANNEL_OPTIONS).toSorted(),
    )
  })

  test('refuses unknown names, suggesting the nearest one, and a value that is not an object', () => {
    expect(() => siteWith({ keepAliveTimeout: 5 })).toThrow(
      new TypeError(
        'Cannot take the unknown option "keepAliveTimeout" for Site: did you mean keepAliveTimeoutMs?',
      ),
    )
    expect(() => siteWith({ maxBodyByte: 5 })).toThrow('did you mean maxBodyBytes?')
    for (const options of [null, 5, 'x', [], () => undefined])
      expect(() => siteWith(options), String(options)).toThrow(TypeError)
  })
})
