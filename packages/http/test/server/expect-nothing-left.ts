import { leftovers, type StringTransport } from '@ropewalk/core/testing'
import { expect } from 'vitest'

/** Aborts a test's connection, and expects that no deadline, count or timer of it is left. */
export async function expectNothingLeft(transport: StringTransport): Promise<void> {
  const { reactor } = transport
  transport.abortConnection()
  await reactor.settle()
  expect(leftovers(reactor)).toEqual([])
}
