import type { Readable, Writable } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { unixAddress } from '../addresses.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import { LocalProtocolError } from '../errors.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import { transportOptions } from '../transport/transport-options.ts'
import type { ConnectionRegistry } from '../transport/transport-host.ts'
import { StreamWire } from './stream-wire.ts'

/** Whose connection it is to be, and over what. */
export interface StandardIOSetup {
  readonly registry: ConnectionRegistry
  /** Default: the process's own. */
  readonly input?: Readable
  /** Default: the process's own. */
  readonly output?: Writable
}

/**
 * stdin and stdout as the connection of a protocol; both of its addresses are UNIX ones without a path.
 *
 * When it is over, both streams are let go of as they were found: stdin is paused, so that the process
 * can exit or somebody else read on, and a terminal has the mode it had. After our own end Node keeps
 * the descriptor of stdout open: who reads it sees the end at once over a socket pair, such as a
 * Node parent's pipe, otherwise when the process exits.
 */
export class StandardIO extends StreamTransport {
  /** @throws {LocalProtocolError} when somebody reads the input already, it has ended, or the reactor is stopping. */
  constructor(
    protocol: ProtocolEvents,
    { registry, input = process.stdin, output = process.stdout }: StandardIOSetup,
  ) {
    assertFree(input)
    if (registry.stopping) throw new LocalProtocolError('Cannot take standard input: the reactor is stopping')
    const restore = restoringMode(input)
    const wire = new StreamWire({ readable: input, writable: output, outlive: true })
    const nowhere = unixAddress('')
    super({
      registry,
      wire,
      localAddress: nowhere,
      peerAddress: nowhere,
      options: transportOptions(PATIENT),
      onLost: restore,
    })
    wire.attach(this)
    this.begin(protocol)
  }
}

function assertFree(input: Readable): void {
  if (input.listenerCount('data') + input.listenerCount('readable') > 0)
    throw new LocalProtocolError('Cannot take standard input: other code reads it already')
  if (input.readableEnded || input.destroyed)
    throw new LocalProtocolError('Cannot take standard input: it has ended')
}

function restoringMode(input: Readable): () => void {
  if (!isTerminalInput(input)) return () => undefined
  const { isRaw } = input
  return () => {
    if (input.isRaw !== isRaw) input.setRawMode(isRaw)
  }
}

function isTerminalInput(input: Readable): input is ReadStream {
  return 'isTTY' in input && input.isTTY === true
}

/**
 * People and pagers take their time, and a program whose input has ended works on: that is no departure. An end of input
 * that comes after our own end is not waited for.
 */
const PATIENT: Partial<TransportOptions> = {
  writeStallMs: Number.MAX_SAFE_INTEGER,
  departureGraceMs: Number.MAX_SAFE_INTEGER,
  lingerMs: 0,
}
