/**
 * Certificates, client identities and contexts for TLS.
 *
 * @module
 */
export { TLSConfigurationError, TLSHandshakeError } from './errors.ts'
export type { ReactorTLS } from './interfaces/reactor.ts'
export type {
  Certificate,
  ClientCertificates,
  ClientTLSOptions,
  KeyPair,
  PEM,
  ServerTLSOptions,
  TLSContext,
  TLSOptions,
  TLSSession,
} from './interfaces/tls.ts'
export { ALPNFactory } from './protocol/factory.ts'
export { ClientTLS } from './tls/client-tls.ts'
export { ServerTLS, type ServerTLSFiles, serverTLSFromFiles, TLSFactory } from './tls/server-tls.ts'
