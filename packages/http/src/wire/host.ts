/**
 * Whether a Host value is `uri-host [ ":" port ]`; an empty one is (RFC 9110 §7.2, RFC 3986 §3.2).
 *
 * @param host A field value.
 */
export function isHost(host: string): boolean {
  return HOST.test(host)
}

/** IP literal or reg-name, then an optional port: no part can match what another begins with. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]{0,5})?$/
