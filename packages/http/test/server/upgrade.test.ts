import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { isUpgradeTo, upgradeRefusal } from '../../src/server/upgrade.ts'

describe('isUpgradeTo', () => {
  test('needs HTTP/1.1, Upgrade and Connection', () => {
    const both = ['Upgrade', 'other, RAW', 'Connection', 'keep-alive, upgrade']
    const asking = (clientproto: string, fields: string[]) => ({
      clientproto,
      requestHeaders: Headers.fromFields(fields),
    })
    expect(isUpgradeTo('Raw', asking('HTTP/1.1', both))).toBe(true)
    expect(isUpgradeTo('raw', asking('HTTP/1.0', both))).toBe(false)
    expect(isUpgradeTo('ra', asking('HTTP/1.1', both))).toBe(false)
    for (const one of [both.slice(0, 2), both.slice(2), []])
      expect(isUpgradeTo('raw', asking('HTTP/1.1', one))).toBe(false)
  })
})

describe('upgradeRefusal', () => {
  test('is 426 with Upgrade, or 400 when only a body is in the way', () => {
    expect(upgradeRefusal('raw', false)).toMatchObject({ statusCode: 426, headers: [['Upgrade', 'raw']] })
    expect(upgradeRefusal('raw', true)).toMatchObject({ statusCode: 400, headers: [] })
  })
})
