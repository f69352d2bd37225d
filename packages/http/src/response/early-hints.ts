import { responseHead } from '../codec/response-writer.ts'
import { Headers } from '../message/headers.ts'

/**
 * Returns a 103 response with a Link field for each link (RFC 8297, RFC 8288 §3).
 *
 * @param links Such as `</style.css>; rel=preload; as=style`.
 * @throws {TypeError} when a link has no target in angle brackets, or characters that a header cannot have.
 */
export function earlyHints(links: readonly string[]): string | Buffer {
  const headers = new Headers()
  for (const link of links) {
    if (!LINK.test(link)) {
      throw new TypeError(
        `Cannot send the link ${JSON.stringify(link).slice(0, 80)} as an early hint: give a target and its parameters, such as "</style.css>; rel=preload; as=style"`,
      )
    }
    headers.addRawHeader('Link', link)
  }
  return responseHead(103, undefined, headers, '')
}

/** A target in angle brackets, then its parameters. The header's own check refuses control characters. */
const LINK = /^<[\x21-\x3b=\x3f-\x7e]+>[ \t]*(?:;.*)?$/
