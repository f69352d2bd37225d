import type { ReactorRandom } from '../interfaces/reactor.ts'

/** A number from 0 up to but not 1, each as likely as any other. */
export function randomFraction(reactor: ReactorRandom): number {
  return reactor.randomBytes(BYTES).readUIntBE(0, BYTES) / 256 ** BYTES
}

/** As many as a number holds without rounding. */
const BYTES = 6
