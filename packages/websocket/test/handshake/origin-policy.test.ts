import { describe, expect, test } from 'vitest'
import type { OriginPolicy } from '../../src/handshake/origin-policy.ts'
import { WebSocketProtocol } from '../../src/websocket-protocol.ts'
import { WebSocketResource } from '../../src/websocket-resource.ts'
import { handshake, SiteExchange } from '../websocket-exchange.ts'

class Silent extends WebSocketProtocol {}

async function statusFor(
  origins: OriginPolicy,
  origin: string | undefined,
  host: string = 'good.com',
): Promise<number> {
  const exchange = new SiteExchange(WebSocketResource.forProtocol(Silent, { origins }))
  await exchange.send(handshake({ Host: host, Origin: origin }))
  return Number((await exchange.received()).toString().slice(9, 12))
}

describe('checkOrigin', () => {
  test('by default lets pages of the same host and port pass, and clients that are no browsers', async () => {
    for (const [origin, host] of [
      ['http://good.com', 'good.com'],
      ['https://good.com', 'good.com'],
      ['http://GOOD.com:80', 'good.COM'],
      ['http://good.com:81', 'good.com:81'],
      ['https://good.com', 'good.com:443'],
      ['http://[::1]:8080', '[::1]:8080'],
      [undefined, 'good.com'],
    ] as const) {
      expect(await statusFor('same', origin, host), origin).toBe(101)
    }
  })

  test('refuses all others with 403 (autobahn #691, CVE-2026-27977)', async () => {
    for (const origin of [
      'http://evil.com',
      'http://evil-good.com',
      'http://good.com.evil',
      'http://good.com:81',
      'null',
      '',
      'good.com',
      'ws://good.com',
      'http://good.com/',
      'http://user@good.com',
      'http://good.com.',
      'file://',
      'http://good.com http://evil.com',
      'http://good.com\r\nOrigin: http://evil.com',
    ]) {
      expect(await statusFor('same', origin), origin).toBe(403)
    }
  })

  test('takes a list literally, or anything when told so', async () => {
    const list = ['https://app.example', 'null']
    expect(await statusFor(list, 'https://app.example')).toBe(101)
    expect(await statusFor(list, 'null')).toBe(101)
    expect(await statusFor(list, 'http://app.example')).toBe(403)
    expect(await statusFor(list, 'https://app.example.evil')).toBe(403)
    expect(await statusFor('any', 'http://evil.com')).toBe(101)
  })
})
