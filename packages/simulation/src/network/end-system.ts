/** The system on which an end of a connection lives. */
export interface EndSystem {
  /** Runs what belongs to the program, now or, while it is paused, later; never once it has crashed. */
  execute(call: () => unknown): void
  /** Runs it in a later turn. */
  executeSoon(call: () => unknown): void
  /** Runs one read of the program: as `execute`, or as late as a slow one comes to it. */
  executeRead(call: () => unknown): void
  /** Whether its program reads slowly: a piece at a time. */
  readonly readsSlowly: boolean
  /** The descriptor is free. */
  released(end: NamedEnd): void
}

/** An end of a connection, as its system keeps it. */
export interface NamedEnd {
  readonly name: string
  /** The host of the other end. */
  readonly peerHost: string
  /** The connection is broken. */
  broken(code: string): void
  /** The host has crashed: nobody hears of anything. */
  vanish(): void
}
