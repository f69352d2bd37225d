/**
 * A peer sent something unacceptable, or did not send something in time: the base of such errors in every package.
 * When a promise that nothing awaits rejects with it, the error is logged and does not end the process.
 */
export abstract class RemoteError extends Error {}

/** More bytes than allowed were received without the end of a line. */
export class LineTooLongError extends RemoteError {
  override readonly name = 'LineTooLongError'
  /** Most bytes the line was allowed to have. */
  readonly limitBytes: number

  constructor(limitBytes: number) {
    super(`Cannot find the end of a line in its first ${counted(limitBytes, 'byte')}`)
    this.limitBytes = limitBytes
  }
}

/**
 * A number and its unit for a message: `1 byte`, `2 bytes`.
 *
 * @param many The plural. Default: `one` with an s.
 */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
