/**
 * Whether a close frame may carry this code. 1004, 1005, 1006 and 1015 are
 * reserved for what no frame carries; below 3000 the rest is not assigned.
 *
 * @see RFC 6455 §7.4
 */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000 && code <= 4999) return true
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
}
