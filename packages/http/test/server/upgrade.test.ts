import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { isUpgradeTo, upgradeRefusal } from '../../src/server/upgrade.ts'

describe('isUpgradeTo', () => {
  test('needs HTTP/1.1, Upgrade and Connection', () => {
    const both = ['Upgrade', 'other, RAW', 'Connection', 'keep-alive, upgrade']
    expect(isUpgradeTo('Raw', '1.1', Headers.fromFields(both))).toBe(true)
    expect(isUpgradeTo('raw', '1.0', Headers.fromFields(both))).toBe(false)
    expect(isUpgradeTo('ra', '1.1', Headers.fromFields(both))).toBe(false)
    for (const one of [both.slice(0, 2), both.slice(2), []])
      expect(isUpgradeTo('raw', '1.1', Headers.fromFields(one))).toBe(false)
  })
})

describe('upgradeRefusal', () => {
  test('is 426 with Upgrade, or 400 when only a body is in the way', () => {
    expect(upgradeRefusal('raw', false)).toMatchObject({ statusCode: 426, headers: [['Upgrade', 'raw']] })
    expect(upgradeRefusal('raw', true)).toMatchObject({ statusCode: 400, headers: [] })
  })
})
