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
  [
    { signal: new AbortController() },
    'Cannot take signal an AbortController for spawnProcess: give an AbortSignal',
  ],
  [{ signal: new EventTarget() }, 'Cannot take signal an EventTarget'],
  [{ env: ['A=1'] }, 'Cannot take env a list'],
  [{ env: () => ({}) }, 'Cannot take env the function env'],
  [{ shell: true }, 'Cannot take the unknown option "shell"'],
])('no process is started with %o', async (options, message) => {
  const reactor = createReactor({ log: [] })
  expect(() => reactor.spawnProcess(new Silent(), 'true', [], options as never)).toThrow(message)
  await expect(getProcessOutput('true', [], { reactor, ...options } as never)).rejects.toThrow(
    message.replace('spawnProcess', 'getProcessOutput'),
  )
})

class Unused extends ProcessProtocol {
  override makeConnection(): void {
    expect.unreachable('a child was started')
  }
}

test.each([
  [[undefined, 'true'], 'Cannot take protocol undefined for spawnProcess: give a ProcessProtocol'],
  [[{}, 'true'], 'Cannot take protocol an Object'],
  [[Unused, 'true'], 'Cannot take protocol the function Unused for spawnProcess: give new Unused()'],
  [[new Unused(), undefined], 'Cannot take command undefined for spawnProcess'],
  [[new Unused(), ''], 'Cannot take command ""'],
  [[new Unused(), 'tr\0ue'], 'without NUL'],
  [[new Unused(), 'true', 'a b'], 'Cannot take args "a b" for spawnProcess: give a list'],
  [[new Unused(), 'true', null], 'Cannot take args null'],
  [[new Unused(), 'true', ['a', undefined]], 'Cannot take args[1] undefined for spawnProcess: give a string'],
  [[new Unused(), 'true', ['\0']], 'Cannot take args[0]'],
  [[new Unused(), 'true', [], null], 'Cannot take null as the options of spawnProcess'],
  [[new Unused(), 'true', [], { childFDs: null }], 'Cannot take childFDs null'],
  [[new Unused(), 'true', [], { childFDs: 'rw' }], 'Cannot take childFDs "rw"'],
  [[new Unused(), 'true', [], { childFDs: ['w', 'r'] }], 'Cannot take childFDs a list'],
  [[new Unused(), 'true', [], { childFDs: { 1: 'x' } }], 'Cannot take childFDs.1 "x"'],
  [[new Unused(), 'true', [], { childFDs: { 1: NaN } }], 'Cannot take childFDs.1 NaN'],
  [[new Unused(), 'true', [], { childFDs: { '-1': 'r' } }], 'Cannot take childFDs.-1 "r"'],
  [[new Unused(), 'true', [], { childFDs: { stdin: 'w' } }], 'Cannot take childFDs.stdin "w"'],
  [[new Unused(), 'true', [], { childFDs: { 1_000_000_000: 'r' } }], 'Cannot take childFDs.1000000000 "r"'],
])('no process is started with the arguments %o', (given, message) => {
  const reactor = createReactor({ log: [] })
  const spawnProcess = reactor.spawnProcess.bind(reactor) as (...args: unknown[]) => unknown
  expect(() => spawnProcess(...given)).toThrow(message)
})

test('an argument or option that is undefined has its default', async () => {
  const reactor = createReactor({ log: [] })
  const options = { env: undefined, childFDs: undefined, transport: { writeStallMs: undefined } } as object
  const output = getProcessOutput('echo', ['hi'], { reactor })
  reactor.spawnProcess(new Silent(), 'true', undefined, options)
  expect(String(await output)).toBe('hi\n')
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
