import type { ProcessEvents, ProcessTransport } from '../contracts/process.ts'
import { NotConnectedError, type ProcessDone, type ProcessEnded, type ProcessTerminated } from '../errors.ts'

/**
 * What happens with one child process: subclass it, and override what you care about.
 *
 * One object serves one child. Start it with `reactor.spawnProcess`.
 */
export abstract class ProcessProtocol implements ProcessEvents {
  #transport: ProcessTransport | undefined

  /**
   * The child. It stays readable after its end.
   *
   * @throws {NotConnectedError} before `makeConnection`, and when the child could not be started.
   */
  get transport(): ProcessTransport {
    if (this.#transport === undefined) {
      throw new NotConnectedError('Cannot use the transport: no child process was started')
    }
    return this.#transport
  }

  makeConnection(transport: ProcessTransport): void | Promise<void> {
    this.#transport = transport
    return this.connectionMade()
  }

  /** The child runs. While a promise is pending, nothing is delivered. */
  connectionMade(): void | Promise<void> {}

  childDataReceived(childFD: number, data: Buffer): void | Promise<void> {
    if (childFD === STDOUT) return this.outReceived(data)
    if (childFD === STDERR) return this.errReceived(data)
    return undefined
  }

  /** The child wrote to its standard output. */
  outReceived(_data: Buffer): void | Promise<void> {}

  /** The child wrote to its standard error. */
  errReceived(_data: Buffer): void | Promise<void> {}

  childConnectionLost(childFD: number): void {
    if (childFD === STDIN) this.inConnectionLost()
    if (childFD === STDOUT) this.outConnectionLost()
    if (childFD === STDERR) this.errConnectionLost()
  }

  /** Nothing more reaches the child's standard input. */
  inConnectionLost(): void {}

  /** Nothing more comes of the child's standard output. */
  outConnectionLost(): void {}

  /** Nothing more comes of the child's standard error. */
  errConnectionLost(): void {}

  processExited(_reason: ProcessDone | ProcessTerminated): void {}

  processEnded(_reason: ProcessEnded): void {}
}

const STDIN = 0
const STDOUT = 1
const STDERR = 2
