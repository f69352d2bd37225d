import { bench, group } from 'mitata'
import type { Internals } from './internals.ts'

/** The XOR of a payload with its masking key: in place, and while it is copied. */
export function masking({ mask, maskInto }: Internals): void {
  group('mask in place', () => {
    for (const bytes of SIZES) {
      const data = Buffer.alloc(bytes, 'rope')
      bench(`${bytes} B`, () => mask(data, KEY))
    }
  })
  group('mask while copying', () => {
    for (const bytes of SIZES) {
      const data = Buffer.alloc(bytes, 'rope')
      const target = Buffer.alloc(bytes)
      bench(`${bytes} B`, () => maskInto(data, KEY, target, 0))
    }
  })
}

const KEY = 0x57e4_219d
const SIZES = [8, 64, 512, 4096, 65_536, 1_048_576]
