/**
 * What a peer sent, or did not send in time, cannot be accepted: the base of such errors in every package. In a promise
 * that no code waits for it is logged, and ends no process.
 */
export abstract class RemoteError extends Error {}

/** Thrown when more bytes than allowed arrived without the end of a line. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError'
  /** Most bytes the line was allowed to have. */
  readonly limitBytes: number

  constructor(limitBytes: number) {
    super(`Cannot find the end of a line in its first ${limitBytes} bytes`)
    this.limitBytes = limitBytes
  }
}
