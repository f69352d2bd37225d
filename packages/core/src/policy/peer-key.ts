import type { Address } from '../addresses.ts'

/** What tells one peer from another: an IPv4 address, the /64 of an IPv6 one, or that it is a UNIX socket. */
export function peerKey(peer: Address): string {
  if (peer.type === 'UNIX') return 'unix'
  return peer.family === 4 ? peer.host : networkOf(peer.host)
}

/** The first four groups: one customer has at least a /64, and can use any address in it. */
function networkOf(host: string): string {
  const [address = ''] = host.split('%')
  const [before = '', after] = address.split('::')
  const front = before === '' ? [] : before.split(':')
  const back = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : Math.max(0, GROUPS - front.length - back.length)
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

const GROUPS = 8
