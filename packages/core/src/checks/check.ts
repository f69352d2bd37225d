/** What checks of any kind need to drive connections. */
export interface CheckHarness {
  /**
   * Lets the network and promises proceed until `condition` holds.
   *
   * @throws {Error} (rejects) when the condition does not hold in time.
   */
  readonly until: (condition: () => boolean) => Promise<void>
  /** Lets the network and promises proceed until nothing is left to do. */
  readonly quiet: () => Promise<void>
}

/** One check, which needs a harness `H` and some of the capabilities `C`. */
export interface Check<H, C> {
  /** A statement about behaviour. */
  readonly name: string
  /** The capabilities that the check needs; without all of them, `checksFor` leaves it out. Default none. */
  readonly needs?: readonly C[]
  /** @throws {CheckFailed} (rejects) when what is checked fails. */
  run(harness: H): Promise<void>
}
