import type { RequestHead } from '../codec/request-head.ts'
import type { Headers } from '../message/headers.ts'

/**
 * Returns a request's head as one string, for a request that is kept for long and seldom looked at. As an object it takes
 * several times the memory, and each part of it keeps the text of all of it.
 *
 * @param headers Its header fields; they may have been changed since the head was read.
 */
export function packHead(head: RequestHead, headers: Headers): string {
  const { method, target, path, query, version, framing, persistent, expectsContinue, host } = head
  const fields = Array.from(headers).flat()
  const parts = [method, target, path, query, version, fields, framing, persistent, expectsContinue, host]
  return JSON.stringify(parts)
}

/** Returns the head that `packHead` has packed. */
export function unpackHead(packed: string): RequestHead {
  const parts = JSON.parse(packed) as PackedHead
  const [method, target, path, query, version, fields, framing, persistent, expectsContinue, host] = parts
  return {
    method,
    target,
    path,
    query,
    version,
    fields,
    framing,
    persistent,
    expectsContinue,
    // JSON has no undefined.
    host: host ?? undefined,
  }
}

/** Returns the fields of a response's head as one string. */
export function packFields(headers: Headers): string {
  return JSON.stringify(Array.from(headers))
}

/** Returns the fields that `packFields` has packed. */
export function unpackFields(packed: string): readonly (readonly [string, string])[] {
  return JSON.parse(packed) as [string, string][]
}

type PackedHead = [
  RequestHead['method'],
  RequestHead['target'],
  RequestHead['path'],
  RequestHead['query'],
  RequestHead['version'],
  RequestHead['fields'],
  RequestHead['framing'],
  RequestHead['persistent'],
  RequestHead['expectsContinue'],
  string | null,
]
