/**
 * A moment as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
 *
 * @param timeMs Milliseconds since 1970; what is below the second is dropped.
 * @see RFC 9110 §5.6.7
 */
export function formatDate(timeMs: number): string {
  // ECMAScript defines toUTCString to give exactly an IMF-fixdate for the years 0 to 9999.
  return new Date(timeMs).toUTCString()
}
