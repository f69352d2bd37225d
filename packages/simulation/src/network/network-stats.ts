/** Counts of what happened on a network. They show whether a run met enough faults to prove anything. */
export class NetworkStats {
  connections = 0
  /** TCP segments with data, without retransmissions. */
  segments = 0
  /** Segments of one byte. */
  oneByteSegments = 0
  /** Retransmissions. */
  resent = 0
  /** Resets that programs sent by aborting a connection. */
  resets = 0
  datagrams = 0
  /** Packets of any kind that did not arrive. */
  lost = 0

  /** Adds the counts of another tally to this one. */
  add(other: Readonly<NetworkStats>): void {
    this.connections += other.connections
    this.segments += other.segments
    this.oneByteSegments += other.oneByteSegments
    this.resent += other.resent
    this.resets += other.resets
    this.datagrams += other.datagrams
    this.lost += other.lost
  }
}
