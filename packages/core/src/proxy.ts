/**
 * The PROXY protocol: the address of the client behind a load balancer.
 *
 * @module
 */
export { ProxyProtocolError, type ProxyViolation } from './errors.ts'
export { ProxyHeaderReader, type ProxyHeaderReaderOptions } from './proxy/proxy-header-reader.ts'
export {
  type ProxyAddresses,
  type ProxyClaim,
  proxyClaimFor,
  type ProxyExtensions,
  type ProxyHeader,
  type ProxySSL,
  type ProxyTLV,
  type ProxyVersion,
  SendProxyHeader,
} from './proxy/proxy-header.ts'
export {
  proxyHeaderOf,
  ProxyProtocolFactory,
  type ProxyProtocolOptions,
} from './proxy/proxy-protocol-factory.ts'
export { writeProxyV1 } from './proxy/proxy-v1.ts'
export { writeProxyV2, type WriteProxyV2Options } from './proxy/proxy-v2.ts'
export { AddressBlock } from './proxy/trusted-sources.ts'
