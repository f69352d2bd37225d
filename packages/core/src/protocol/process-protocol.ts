import type { ProcessEvents, ProcessTransport } from '../interfaces/process.ts'
import { NotConnectedError, type ProcessDone, type ProcessEnded, type ProcessTerminated } from '../errors.ts'

/**
 * Receives the events of one child process: subclass it, and override the callbacks that you need.
 *
 * One object serves one child. Start it with `reactor.spawnProcess`.
 */
export abstract class ProcessProtocol implements ProcessEvents {
  #transport: ProcessTransport | undefined

  /**
   * The child. It stays readable after the child has ended.
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

  /** The child runs. While a returned promise is pending, nothing is delivered. */
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

  /** The child's standard input is closed: nothing more reaches it. */
  inConnectionLost(): unknown {
    return undefined
  }

  /** The child's standard output has ended. */
  outConnectionLost(): unknown {
    return undefined
  }

  /** The child's standard error has ended. */
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
