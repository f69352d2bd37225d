/**
 * Whether a Host value is `uri-host [ ":" port ]`; an empty one is (RFC 9110 §7.2, RFC 3986 §3.2).
 *
 * @param host A field value.
 */
export function isHost(host: string): boolean {
  return HOST.test(host) && !PORT_TOO_HIGH.test(host)
}

/** IPv6 or IPvFuture literal, or reg-name, then an optional port: no part can match what another begins with. */
const HOST =
  /^(?:\[(?:[0-9A-Fa-f:.]+|[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]{0,5})?$/
/** Above 65535, in the five digits that a port can have. */
const PORT_TOO_HIGH = /:(?:[7-9]\d{4}|6[6-9]\d{3}|65[6-9]\d{2}|655[4-9]\d|6553[6-9])$/
