import type { OptionRule } from '@ropewalk/core/options'
import { isCloseCode, MAX_REASON_BYTES } from '../codec/close-frame.ts'

/** A code that a close frame may carry. */
export const CLOSE_CODE_RULE: OptionRule = (value) => {
  const wanted = 'a close code: 1000 to 1003, 1007 to 1014 or 3000 to 4999'
  if (typeof value !== 'number') return { kind: 'type', wanted }
  return isCloseCode(value) ? undefined : { kind: 'range', wanted }
}

/** A reason that fits into a close frame. */
export const CLOSE_REASON_RULE: OptionRule = (value) => {
  const wanted = `a string of at most ${MAX_REASON_BYTES} bytes in UTF-8`
  if (typeof value !== 'string') return { kind: 'type', wanted }
  return Buffer.byteLength(value) <= MAX_REASON_BYTES ? undefined : { kind: 'range', wanted }
}
