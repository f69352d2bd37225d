import { readFileSync } from 'node:fs'

/** The PEM of a certificate or key of the examples, whose certificate is its own authority. */
export function pem(name: 'localhost.cert' | 'localhost.key'): string {
  return readFileSync(new URL(`../../../../examples/certificates/${name}.pem`, import.meta.url), 'utf8')
}
