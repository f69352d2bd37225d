import { closingCases } from './cases/closing.ts'
import { compressionCases } from './cases/compression.ts'
import { fragmentCases } from './cases/fragmentation.ts'
import { messageCases, opcodeCases, pingCases, reservedBitCases } from './cases/framing.ts'
import { unevenCases, limitCases, type Scale } from './cases/limits.ts'
import type { TestCase } from './cases/test-case.ts'
import { utf8Cases } from './cases/utf8.ts'

/** All 517 cases, by section. */
export function allCases(scale: Scale): readonly TestCase[] {
  return [
    ...messageCases(),
    ...pingCases(),
    ...reservedBitCases(),
    ...opcodeCases(),
    ...fragmentCases(),
    ...utf8Cases(),
    ...closingCases(),
    ...limitCases(scale),
    ...unevenCases(),
    ...compressionCases(scale),
  ]
}
