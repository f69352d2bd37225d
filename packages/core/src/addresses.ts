import type { Address, TCPAddress, UNIXAddress } from './contracts/address.ts'

/** Makes a frozen TCP address; `::ffff:192.0.2.1` becomes `192.0.2.1`. */
export function tcpAddress(host: string, port: number): TCPAddress {
  const mapped = host.toLowerCase().startsWith('::ffff:') && host.includes('.')
  const numeric = mapped ? host.slice('::ffff:'.length) : host
  return Object.freeze({ type: 'TCP', family: numeric.includes(':') ? 6 : 4, host: numeric, port })
}

/** Makes a frozen UNIX address. */
export function unixAddress(path: string): UNIXAddress {
  return Object.freeze({ type: 'UNIX', path })
}

/** An address as people write it: `127.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`. */
export function formatAddress(address: Address): string {
  if (address.type === 'UNIX') return `unix:${address.path}`
  return address.family === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
