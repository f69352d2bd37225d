import type { TLSSocket } from 'node:tls'
import type { Certificate, TLSSession } from '../interfaces/tls.ts'

/** What the handshake of `socket` has settled. */
export function sessionOf(socket: TLSSocket, serverName: string | undefined): TLSSession {
  const { alpnProtocol } = socket
  return Object.freeze({
    negotiatedProtocol: typeof alpnProtocol === 'string' && alpnProtocol !== '' ? alpnProtocol : undefined,
    serverName,
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    peerCertificate: peerCertificateOf(socket),
  })
}

/** The certificate that the other side of `socket` has shown, if any. */
export function peerCertificateOf(socket: TLSSocket): Certificate | undefined {
  const found = socket.getPeerCertificate()
  // Node answers an empty object for a peer that showed none.
  if (!Buffer.isBuffer(found?.raw)) return undefined
  return Object.freeze({
    subject: nameOf(found.subject),
    issuer: nameOf(found.issuer),
    subjectAltName: found.subjectaltname,
    validFrom: found.valid_from,
    validTo: found.valid_to,
    serialNumber: found.serialNumber,
    fingerprint256: found.fingerprint256,
    raw: found.raw,
  })
}

function nameOf(name: Readonly<Record<string, string | string[] | undefined>>): Certificate['subject'] {
  const said = Object.entries(name).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  )
  return Object.freeze(Object.fromEntries(said))
}
