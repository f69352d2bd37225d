import { describe, expect, test } from 'vitest'
import type { LogEvent, LogLevel } from '../../src/interfaces/log.ts'
import { eventText } from '../../src/log/event-text.ts'
import { filtered } from '../../src/log/filtered.ts'
import { Logger } from '../../src/log/logger.ts'

describe('filtered', () => {
  test('lets pass what has the level or more', () => {
    const heard: string[] = []
    const observer = filtered(({ level }) => heard.push(level), { level: 'warn' })
    const levels: LogLevel[] = ['critical', 'debug', 'error', 'info', 'warn']
    for (const level of levels) observer({ level, text: '' })
    expect(heard).toEqual(['critical', 'error', 'warn'])
  })

  test.each([
    ['ropewalk.http', true],
    ['ropewalk.http.server', true],
    ['ropewalk.http.server.upgrade', false],
    ['ropewalk.http.server.upgrade.h2c', false],
    ['ropewalk.https', false],
    ['ropewalk', false],
    ['', false],
    [undefined, false],
  ])('takes the level of the longest namespace that %s is in', (namespace, passes) => {
    const heard: LogEvent[] = []
    const namespaces = { 'ropewalk.http': 'debug', 'ropewalk.http.server.upgrade': 'error' } as const
    const observer = filtered((event) => heard.push(event), { level: 'info', namespaces })
    observer({ level: 'debug', text: '', namespace })
    expect(heard.length).toBe(passes ? 1 : 0)
  })

  test('lets nothing be formatted that nobody hears', () => {
    const looked: string[] = []
    const thing = { toString: () => String(looked.push('looked')) }
    const logger = new Logger('x', { log: filtered(eventText, { level: 'info' }) })
    logger.debug('{thing}', { thing })
    expect(looked).toEqual([])
    logger.info('{thing}', { thing })
    expect(looked).toEqual(['looked'])
  })

  test('hands on the promise of an asynchronous observer, so that its failure is told', async () => {
    const rejecting = (): unknown => Promise.reject(new Error('no disk'))
    const observer = filtered(rejecting, { level: 'info' })
    await expect(observer({ level: 'info', text: '' })).rejects.toThrow('no disk')
  })

  test('refuses a level that there is not', () => {
    const level = 'verbose' as LogLevel
    const message = 'Cannot filter by level "verbose": there are debug, info, warn, error, critical'
    expect(() => filtered(() => undefined, { level })).toThrow(message)
    expect(() => filtered(() => undefined, { level: 'info', namespaces: { x: level } })).toThrow(RangeError)
  })
})
