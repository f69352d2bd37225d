import type { Headers } from '../message/headers.ts'

/**
 * Passes one header of a response that another program has made: a `Response` of the web, or one of `node:http`.
 *
 * Vary and Set-Cookie are added to what the resources around it have set; other headers replace. Fields about
 * the connection are left out, because the site decides about it (RFC 9110 §7.6.1).
 */
export function passHeader(headers: Headers, name: string, values: readonly string[]): void {
  const key = name.toLowerCase()
  if (ADDED.has(key)) for (const value of values) headers.addRawHeader(name, value)
  else if (!HOP_BY_HOP.has(key)) headers.setRawHeaders(name, values)
}

const ADDED: ReadonlySet<string> = new Set(['set-cookie', 'vary'])
const HOP_BY_HOP: ReadonlySet<string> = new Set(['keep-alive', 'proxy-connection', 'te', 'transfer-encoding'])
