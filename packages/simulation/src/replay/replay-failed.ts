/** A protocol has failed while a recording was played to it. */
export class ReplayFailed extends Error {
  override readonly name = 'ReplayFailed'
  /** Such as `cut at every byte`. */
  readonly cut: string

  constructor(cut: string, why: string, options?: ErrorOptions) {
    super(`The recording, ${cut}: ${why}`, options)
    this.cut = cut
  }
}
