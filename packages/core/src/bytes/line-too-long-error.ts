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
