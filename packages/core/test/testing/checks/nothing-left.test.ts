import { expect, test } from 'vitest'
import { nothingLeft } from '../../../src/testing/checks/nothing-left.ts'
import { Recorder } from '../../../src/testing/checks/recorder.ts'
import { MemoryReactor } from '../../../src/testing/memory-reactor.ts'
import { StringTransport } from '../../../src/testing/string-transport.ts'

test('nothingLeft sees connections that are up and calls to come', () => {
  const reactor = new MemoryReactor()
  expect(nothingLeft(reactor)).toBe(true)
  const call = reactor.callLater(1000, () => undefined)
  expect(nothingLeft(reactor)).toBe(false)
  call.cancel()
  const transport = StringTransport.connect(new Recorder(), { reactor })
  expect(nothingLeft(reactor)).toBe(false)
  transport.abortConnection()
  reactor.pump()
  expect(nothingLeft(reactor)).toBe(true)
})
