import { leftovers, type StringTransport } from '@ropewalk/core/testing'
import { expect } from 'vitest'

/** Ends a connection that a test has made, and expects that nothing of it is left: no deadline, count or timer. */
export async function expectNothingLeft(transport: StringTransport): Promise<void> {
  const { reactor } = transport
  transport.abortConnection()
  await reactor.settle()
  expect(leftovers(reactor)).toEqual([])
}
