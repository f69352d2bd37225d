import { procText } from './process-usage.ts'

/**
 * Whether a process of this machine listens on a port of 127.0.0.1 or of all addresses of IPv4.
 *
 * No connection is made for it: the first one, too, belongs to the measurement.
 */
export function isListening(port: number): boolean {
  return hasListener(procText('net/tcp'), port)
}

/**
 * Whether the text of /proc/net/tcp has a listener for the port.
 *
 * @see proc_net_tcp.rst of the kernel's documentation
 */
export function hasListener(table: string, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return new RegExp(`^ *\\d+: (?:0100007F|00000000):${hex} \\S+ ${LISTEN} `, 'm').test(table)
}

/** TCP_LISTEN among the states of the kernel. */
const LISTEN = '0A'
