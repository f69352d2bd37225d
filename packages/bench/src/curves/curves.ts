import { BROADCASTS } from './broadcast.ts'
import { CONNECTION_CURVES } from './connections.ts'
import type { Curve } from './curve.ts'
import { IDLE_CURVES } from './idle-memory.ts'
import { SIZE_CURVES } from './sizes.ts'
import { STARTUP } from './startup.ts'
import { STATIC_FILES } from './static-files.ts'

/** All curves, in the order of the page. */
export const CURVES: readonly Curve[] = [
  ...CONNECTION_CURVES,
  ...SIZE_CURVES,
  ...IDLE_CURVES,
  ...BROADCASTS,
  STATIC_FILES,
  STARTUP,
]
