import type { PEM } from '../interfaces/tls.ts'

/**
 * The authorities to trust, as node:tls takes them: it trusts nobody where one of them holds no certificate, and says
 * nothing.
 *
 * @throws {Error} when one holds none.
 */
export function checkedRoots(roots: readonly PEM[]): PEM[] {
  for (const [at, root] of roots.entries())
    if (!CERTIFICATE.test(String(root)))
      throw new Error(`trust root ${at + 1} of ${roots.length} holds no certificate in PEM`)
  return [...roots]
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/
