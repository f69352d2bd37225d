import type { UDPAddress } from '../addresses.ts'

/** Where and how a UDP port is bound. */
export interface DatagramBinding {
  readonly address: UDPAddress
  /** Whether others that say so too may have the same address. */
  readonly reuseAddress: boolean
  /** Whether a port on `::` leaves IPv4 to others. */
  readonly ipv6Only: boolean
}

/** Whether a port bound so can send to, and receive from, addresses of `family`. */
export function bindingSpeaks({ address, ipv6Only }: DatagramBinding, family: 4 | 6): boolean {
  return address.family === family || (address.family === 6 && !ipv6Only)
}
