import { readFileSync } from 'node:fs'
import type { KeyPair } from '../../src/tls.ts'

/** The authority that has signed `server`, `other` and `client`. */
export const root = pem('root.cert')
/** For `localhost`, `server.test`, 127.0.0.1 and ::1. */
export const server = pair('server')
/** For `other.test` and `*.wild.test`. */
export const other = pair('other')
/** The certificate of a client. */
export const client = pair('client')
/** For `localhost` too, but signed by an untrusted authority. */
export const imposter = pair('imposter')

function pair(name: string): KeyPair {
  return { cert: pem(`${name}.cert`), key: pem(`${name}.key`) }
}

function pem(name: string): string {
  return readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), 'utf8')
}
