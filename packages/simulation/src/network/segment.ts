import { counted } from '@ropewalk/core/reactor'

/** One end of a connection: an IP address and a port, or for UNIX sockets the host `unix` and a path. */
export interface Endpoint {
  readonly host: string
  readonly port: number | string
}

/** What a segment is. A `probe` has no data, and asks for an acknowledgement. */
export type SegmentKind = 'SYN' | 'SYN-ACK' | 'ACK' | 'data' | 'FIN' | 'RST' | 'probe'

/** A TCP segment (RFC 9293 §3.1). Sequence numbers count bytes and do not wrap. */
export interface Segment {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly kind: SegmentKind
  /** The number of its first byte. SYN and FIN count as one byte. */
  readonly seq: number
  readonly data: Buffer
  /** The number of the byte that its sender expects next; 0 in a SYN. */
  readonly ack: number
  /** How many bytes from `ack` on its sender accepts. */
  readonly window: number
  /** The number of a segment that its sender received beyond a gap, as in a selective acknowledgement. */
  readonly beyondGap: number | undefined
}

/** How many sequence numbers a segment takes. */
export function lengthOf({ kind, data }: Pick<Segment, 'kind' | 'data'>): number {
  if (kind === 'SYN' || kind === 'SYN-ACK' || kind === 'FIN') return 1
  return data.length
}

/** Names a segment for the trace, such as `SYN` or `12 bytes`. */
export function nameOf({ kind, data }: Segment): string {
  return kind === 'data' ? counted(data.length, 'byte') : kind
}

/** Returns the key of a connection, as the end `here` sees it. */
export function pairOf(here: Endpoint, there: Endpoint): string {
  return `${here.host} ${here.port} ${there.host} ${there.port}`
}

/** The bytes of the headers of IP and TCP. */
export const HEADER_BYTES = 40
