import type { Address } from '@ropewalk/core'
import { HTTPError } from '../errors.ts'

/** What a URL of a request is made of. */
export interface RequestedURL {
  readonly scheme: 'http' | 'https'
  /** Host and port as they were requested; empty when there are none. */
  readonly authority: string
  /** The address to which the client connected. */
  readonly host: Address
}

/**
 * Returns the URL of a path on the requested host.
 *
 * @param segments Decoded; each is percent-encoded here.
 */
export function pathURL(requested: RequestedURL, segments: readonly string[]): string {
  const { scheme, authority, host } = requested
  return `${scheme}://${authority === '' ? authorityOf(host, scheme) : authority}/${segments.map(encodeSegment).join('/')}`
}

/**
 * Parses a URL with a host that the client chose.
 *
 * @throws {HTTPError} 400 when the host can be in no URL.
 */
export function parseURL(url: string): URL {
  if (URL.canParse(url)) return new URL(url)
  throw HTTPError.withoutStack(400, 'Cannot use the requested host in a URL')
}

/** Returns a link, relative to the requested URL, to a child of the resource that renders. */
export function childLink(prepath: readonly string[], postpath: readonly string[], name: string): string {
  const segment = encodeSegment(name)
  if (postpath.length > 0) return '../'.repeat(postpath.length - 1) + segment
  const last = prepath.at(-1) ?? ''
  return last === '' ? segment : `${encodeSegment(last)}/${segment}`
}

/** Returns a link, relative to the requested URL, to a sibling of the resource that renders. */
export function sibLink(postpath: readonly string[], name: string): string {
  return '../'.repeat(postpath.length) + encodeSegment(name)
}

/** Encodes everything that has a meaning in a URL; a colon too, which could make a scheme of a relative link. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment)
}

function authorityOf(address: Address, scheme: 'http' | 'https'): string {
  if (address.type !== 'TCP') return 'localhost'
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return address.port === DEFAULT_PORT[scheme] ? host : `${host}:${address.port}`
}

const DEFAULT_PORT = { http: 80, https: 443 } as const
