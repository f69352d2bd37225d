/** How much a network has really tried: what tells a run that proves something from one that met nothing. */
export class NetworkStats {
  connections = 0
  /** Pieces of streams that were sent, the first time. */
  segments = 0
  /** Those of one byte. */
  oneByteSegments = 0
  /** Pieces that had to be sent again. */
  resent = 0
  /** Connections that a reset has ended. */
  resets = 0
  datagrams = 0
  /** Packets of any kind that did not arrive. */
  lost = 0

  /** Counts what another has counted too. */
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
