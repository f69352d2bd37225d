import { expect, test } from 'vitest'
import { createReactor } from '../../src/node/node-reactor.ts'
import { getProcessOutput } from '../../src/node/process-output.ts'
import { SPAWN_RULES } from '../../src/node/spawn-rules.ts'
import { ProcessProtocol } from '../../src/protocol/process-protocol.ts'

class Silent extends ProcessProtocol {}

test.each([
  [{ cwd: 5 }, 'Cannot take cwd 5'],
  [{ uid: NaN }, 'Cannot take uid NaN'],
  [{ env: 'A=1' }, 'Cannot take env "A=1"'],
  [{ signal: {} }, 'Cannot take signal'],
  [{ shell: true }, 'Cannot take the unknown option "shell"'],
])('no process is started with %o', async (options, message) => {
  const reactor = createReactor({ log: [] })
  expect(() => reactor.spawnProcess(new Silent(), 'true', [], options as never)).toThrow(message)
  await expect(getProcessOutput('true', [], { reactor, ...options } as never)).rejects.toThrow(message)
})

test.each([
  [{ maxBytes: NaN }, 'Cannot take maxBytes NaN for getProcessOutput'],
  [{ timeoutMs: '50' }, 'Cannot take timeoutMs "50" for getProcessOutput'],
  [{ timeoutMs: NaN }, 'Cannot take timeoutMs NaN for getProcessOutput'],
])('no output is waited for with %o', async (options, message) => {
  const reactor = createReactor({ log: [] })
  let started = false
  reactor.spawnProcess = () => {
    started = true
    throw new Error('started')
  }
  await expect(getProcessOutput('true', [], { reactor, ...options } as never)).rejects.toThrow(message)
  expect(started).toBe(false)
})

test('the limits of what waits for a child are those of a transport', () => {
  const options = { transport: { maxBufferedBytes: NaN } }
  const reactor = createReactor({ log: [] })
  expect(() => reactor.spawnProcess(new Silent(), 'true', [], options)).toThrow(
    'transport.maxBufferedBytes NaN',
  )
  expect(SPAWN_RULES.transport({ writeStallMs: 5 })).toBeUndefined()
})
