/**
 * Formats a time as HTTP does: `Sun, 06 Nov 1994 08:49:37 GMT`.
 *
 * @param timeMs Milliseconds since 1970; fractions of a second are dropped.
 * @see RFC 9110 §5.6.7
 */
export function formatDate(timeMs: number): string {
  // ECMAScript defines toUTCString to return an IMF-fixdate for the years 0 to 9999.
  return new Date(timeMs).toUTCString()
}

/** Formats a time as access logs do: `06/Nov/1994:08:49:37 +0000`. */
export function formatLogDate(timeMs: number): string {
  const [, day = '', month = '', year = '', time = ''] = formatDate(timeMs).split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}

/** Formats a time as `1994-11-06T08:49:37.000Z` (RFC 3339 §5.6). */
export function formatISODate(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

/**
 * Parses a time in any of the three formats of HTTP:
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT      IMF-fixdate
 *     Sunday, 06-Nov-94 08:49:37 GMT     RFC 850, obsolete
 *     Sun Nov  6 08:49:37 1994           asctime, obsolete
 *
 * @param nowMs Milliseconds since 1970. It decides the century of a two-digit year.
 * @returns milliseconds since 1970; undefined for any other text, which a recipient ignores.
 * @see RFC 9110 §5.6.7
 */
export function parseDate(text: string, nowMs: number): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups
    if (parts !== undefined) return momentOf(parts, nowMs)
  }
  return undefined
}

function momentOf(parts: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const { day = '', month = '', year = '', hour = '', minute = '', second = '' } = parts
  const midnightMs = Date.UTC(fullYear(year, nowMs), MONTHS.indexOf(month), Number(day))
  // Date.UTC turns a day that does not exist, such as 31 June, into a day of the next month.
  const exists = formatDate(midnightMs).includes(` ${day.replace(' ', '0')} ${month} `)
  // Second 60 is a leap second. It counts as the second after it.
  if (!exists || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  return midnightMs + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000
}

/** A two-digit year that would be more than 50 calendar years ahead belongs to the century before. */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits)
  const thisYear = new Date(nowMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + Number(digits)
  return year > thisYear + 50 ? year - 100 : year
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)'
const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)'
const MONTH = `(?<month>${MONTHS.join('|')})`
const FORMS: readonly RegExp[] = [
  new RegExp(`^${SHORT_DAY}, (?<day>\\d\\d) ${MONTH} (?<year>[1-9]\\d{3}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${SHORT_DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>[1-9]\\d{3})$`),
]
