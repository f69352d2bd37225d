import type TLS from 'node:tls'
import type { TLSSocket } from 'node:tls'
import type {
  Certificate,
  ClientCertificates,
  ClientTLSOptions,
  KeyPair,
  PEM,
  ServerTLSOptions,
  TLSContext,
  TLSOptions,
  TLSSession,
} from '../interfaces/tls.ts'
import {
  anyText,
  flag,
  listOf,
  milliseconds,
  oneOf,
  type OptionRule,
  type OptionRules,
  optionsOf,
  filledText,
} from '../options/option-rules.ts'

const pem: OptionRule = (value) =>
  typeof value === 'string' || value instanceof Uint8Array
    ? undefined
    : { kind: 'type', wanted: 'PEM text, a string or a Buffer' }

/** RFC 7301 §3.1: the length of a name is one byte, and a name is not empty. */
const protocolName: OptionRule = (value) => {
  const problem = filledText(value)
  if (problem !== undefined || Buffer.byteLength(value as string) <= MAX_PROTOCOL_NAME_BYTES) return problem
  return { kind: 'range', wanted: `a name of at most ${MAX_PROTOCOL_NAME_BYTES} bytes` }
}

const KEY_PAIR_RULES: OptionRules<KeyPair> = { cert: pem, key: pem, passphrase: filledText }

const serverNames: OptionRule = (value) => {
  if (typeof value !== 'object' || value === null) return { kind: 'type', wanted: 'key pairs by name' }
  return optionsOf(Object.fromEntries(Object.keys(value).map((name) => [name, optionsOf(KEY_PAIR_RULES)])))(
    value,
  )
}

const CLIENT_CERTIFICATES_RULES: OptionRules<ClientCertificates> = {
  trustRoots: listOf(pem),
  required: flag,
}

const TLS_RULES: OptionRules<TLSOptions> = {
  minVersion: oneOf('TLSv1.2', 'TLSv1.3'),
  ciphers: filledText,
  acceptableProtocols: listOf(protocolName),
  handshakeTimeoutMs: milliseconds(),
}

/** The options of a server's side of TLS. */
export const SERVER_TLS_RULES: OptionRules<ServerTLSOptions> = {
  ...TLS_RULES,
  ...KEY_PAIR_RULES,
  serverNames,
  clientCertificates: optionsOf(CLIENT_CERTIFICATES_RULES),
}

/** The options of a client's side of TLS. */
export const CLIENT_TLS_RULES: OptionRules<ClientTLSOptions> = {
  ...TLS_RULES,
  // It may be empty when the verification of the server is skipped.
  serverName: anyText,
  trustRoots: listOf(pem),
  certificate: optionsOf(KEY_PAIR_RULES),
  insecurelySkipVerification: flag,
}

const MAX_PROTOCOL_NAME_BYTES = 255

/** A context of `side`, or the options of one. */
export function tlsOf(side: TLSContext['side']): OptionRule {
  const wanted =
    side === 'server'
      ? 'a ServerTLS or its options: { cert, key }'
      : 'a ClientTLS or its options: { serverName }'
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'type', wanted }
    const isOther = 'side' in value && value.side !== side
    return isOther ? { kind: 'type', wanted } : undefined
  }
}

/** Returns Node's TLS. It is loaded at the first call, because most programs leave TLS to a proxy. */
export function nodeTLS(): typeof TLS {
  // oxlint-disable-next-line no-restricted-globals -- an import, not the state of the process
  return process.getBuiltinModule('node:tls')
}

/** The outcome of the handshake of `socket`. */
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

/** The certificate that the peer of `socket` has presented; undefined without one. */
export function peerCertificateOf(socket: TLSSocket): Certificate | undefined {
  const found = socket.getPeerCertificate()
  // Node returns an empty object for a peer without a certificate.
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
  const defined = Object.entries(name).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  )
  return Object.freeze(Object.fromEntries(defined))
}

/** Longest wait for a handshake. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000
/** The oldest version of TLS that is accepted. */
export const DEFAULT_MIN_VERSION = 'TLSv1.2'

/**
 * Checks the authorities to trust, and returns them for node:tls, which silently trusts none of them when one
 * contains no certificate.
 *
 * @throws {Error} when one contains no certificate.
 */
export function checkedRoots(roots: readonly PEM[]): PEM[] {
  for (const [at, root] of roots.entries())
    if (!CERTIFICATE.test(String(root)))
      throw new Error(`trust root ${at + 1} of ${roots.length} contains no certificate in PEM`)
  return [...roots]
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/
