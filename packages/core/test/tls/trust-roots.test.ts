import { describe, expect, test } from 'vitest'
import { TLSConfigurationError } from '../../src/errors.ts'
import { ClientTLS } from '../../src/tls/client-tls.ts'
import { ServerTLS } from '../../src/tls/server-tls.ts'
import { checkedRoots } from '../../src/tls/trust-roots.ts'
import { root, server } from './certificates.ts'

describe('trust roots', () => {
  test('are taken when each holds a certificate, as text or as bytes', () => {
    expect(checkedRoots([root, Buffer.from(root)])).toEqual([root, Buffer.from(root)])
    expect(checkedRoots([])).toEqual([])
  })

  test.each([['garbage'], [''], [server.key]])('are refused when one holds none: %.12s', (wrong) => {
    expect(() => checkedRoots([root, wrong])).toThrow('trust root 2 of 2 holds no certificate in PEM')
    expect(() => new ClientTLS({ serverName: 'localhost', trustRoots: [wrong] })).toThrow(
      TLSConfigurationError,
    )
    expect(() => new ServerTLS({ ...server, clientCertificates: { trustRoots: [wrong] } })).toThrow(
      TLSConfigurationError,
    )
  })
})
