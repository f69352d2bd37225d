import { expect, test } from 'vitest'
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_MIN_VERSION } from '../../src/tls/tls-defaults.ts'

test('TLS is at least 1.2, and a handshake takes at most ten seconds', () => {
  expect(DEFAULT_MIN_VERSION).toBe('TLSv1.2')
  expect(DEFAULT_HANDSHAKE_TIMEOUT_MS).toBe(10_000)
})
