import { type Address, unixAddress } from '@ropewalk/core'
import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { onTestFinished } from 'vitest'
import type { HTTPFactory } from '../../src/server/http-factory.ts'
import { expectNothingLeft } from './expect-nothing-left.ts'

/** Begins a connection of a server in memory. The channel calls all methods of `factory`. */
export function connectTo(factory: HTTPFactory, peer?: Address): StringTransport {
  const reactor = new MemoryReactor()
  const transport = new StringTransport({ reactor, ...(peer === undefined ? {} : { peerAddress: peer }) })
  const channel = factory.buildProtocol(transport.getPeer())
  if (channel === undefined) throw new Error('Cannot test a channel that was refused')
  transport.begin(channel)
  onTestFinished(() => expectNothingLeft(transport))
  return transport
}

/** The other end of a UNIX socket. */
export const UNIX_PEER: Address = unixAddress('')
