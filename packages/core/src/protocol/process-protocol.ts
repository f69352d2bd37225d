import type { ProcessEvents, ProcessTransport } from '../interfaces/process.ts'
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

  makeConnection(transport: ProcessTransport): unknown {
    this.#transport = transport
    return this.connectionMade()
  }

  /** The child runs. While a promise is pending, nothing is delivered. */
  connectionMade(): unknown {
    return undefined
  }

  childDataReceived(childFD: number, data: Buffer): unknown {
    if (childFD === STDOUT) return this.outReceived(data)
    if (childFD === STDERR) return this.errReceived(data)
    return undefined
  }

  /** The child wrote to its standard output. */
  outReceived(_data: Buffer): unknown {
    return undefined
  }

  /** The child wrote to its standard error. */
  errReceived(_data: Buffer): unknown {
    return undefined
  }

  childConnectionLost(childFD: number): unknown {
    if (childFD === STDIN) return this.inConnectionLost()
    if (childFD === STDOUT) return this.outConnectionLost()
    if (childFD === STDERR) return this.errConnectionLost()
    return undefined
  }

  /** Nothing more reaches the child's standard input. */
  inConnectionLost(): unknown {
    return undefined
  }

  /** Nothing more comes of the child's standard output. */
  outConnectionLost(): unknown {
    return undefined
  }

  /** Nothing more comes of the child's standard error. */
  errConnectionLost(): unknown {
    return undefined
  }

  processExited(_reason: ProcessDone | ProcessTerminated): unknown {
    return undefined
  }

  processEnded(_reason: ProcessEnded): unknown {
    return undefined
  }
}

const STDIN = 0
const STDOUT = 1
const STDERR = 2
