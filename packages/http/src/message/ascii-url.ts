/**
 * A URL as a header can hold it: what is not ASCII, and blanks, as percent-encoded UTF-8 (RFC 3986 §2.1). What is
 * percent-encoded already stays, and control characters, which the header refuses.
 */
export function asciiURL(url: string): string {
  return url.replaceAll(NOT_VISIBLE_ASCII, (text) =>
    Buffer.from(text)
      .toString('hex')
      .replaceAll(/../g, (byte) => `%${byte.toUpperCase()}`),
  )
}

const NOT_VISIBLE_ASCII = /(?: |[^\0-\x7f])+/g
