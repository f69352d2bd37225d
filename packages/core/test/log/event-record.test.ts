import { describe, expect, test } from 'vitest'
import { unixAddress } from '../../src/addresses.ts'
import { className, eventRecord } from '../../src/log/event-record.ts'

describe('eventRecord', () => {
  test('names connection, peer and source, and keeps the fields apart', () => {
    const connection = { id: 3, peer: unixAddress('/run/app'), protocol: 'Echo' }
    const fields = { count: 2 }
    const event = { level: 'info', namespace: 'shop', text: '{count} sold', connection, fields } as const
    expect(eventRecord({ ...event, source: new URL('http://shop/') })).toEqual({
      namespace: 'shop',
      connection: { id: 3, peer: 'unix:/run/app', protocol: 'Echo' },
      source: 'URL',
      template: '{count} sold',
      fields,
    })
  })

  test('has no template without fields', () => {
    expect(eventRecord({ level: 'info', text: 'Ready', label: 'x' })).toEqual({ label: 'x' })
  })
})

describe('className', () => {
  test('is the name of the class, also for an object that has none', () => {
    expect([className(new Map()), className({}), className(Object.create(null))]).toEqual([
      'Map',
      'Object',
      'Object',
    ])
  })
})
