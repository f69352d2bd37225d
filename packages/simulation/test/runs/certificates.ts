import { readFileSync } from 'node:fs'

/** Returns the PEM of the self-signed certificate of the examples, or of its key. */
export function pem(name: 'localhost.cert' | 'localhost.key'): string {
  return readFileSync(new URL(`../../../../examples/certificates/${name}.pem`, import.meta.url), 'utf8')
}
