import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../src/index.ts'
import { isThenable } from '@ropewalk/core/reactor'
import { waitedFor } from '../src/returned.ts'

/** Not a `Promise`: such as a promise of another realm, or of a library. */
function rejecting(): unknown {
  return runInNewContext('({ then(_kept, reject) { reject(new Error("it broke")) } })', { Error })
}

function* body(): Generator<undefined> {
  yield undefined
}

describe('what a program or a call of a test returns', () => {
  test('fails the run when it is a thenable that rejects', async () => {
    const program = new Simulation({ seed: 1 })
    program.host('server', rejecting)
    await expect(program.run(10)).rejects.toThrow('server failed: it broke')
    const call = new Simulation({ seed: 1 })
    call.at(5, rejecting)
    await expect(call.run(10)).rejects.toThrow('A call of sim.at failed: it broke')
  })

  test('fails the run when it is a generator, whose body would never run', async () => {
    const sim = new Simulation({ seed: 1 })
    sim.host('server', body)
    await expect(sim.run(10)).rejects.toThrow(
      'server failed: it returned a generator, whose body does not run',
    )
  })

  test('is waited for only when it is a thenable', () => {
    expect(waitedFor(5)).toBe(5)
    expect(waitedFor(rejecting)).toBe(rejecting)
    expect([isThenable(rejecting()), isThenable({}), isThenable(null)]).toEqual([true, false, false])
  })
})

describe('a condition that returns a promise', () => {
  const isReady = async (): Promise<boolean> => false

  test('fails runUntil, because a promise is true whatever it resolves to', async () => {
    const sim = new Simulation({ seed: 1 })
    await expect(sim.runUntil(isReady as unknown as () => boolean)).rejects.toThrow(
      'runUntil: the condition returned a promise: it must not wait',
    )
  })

  test('makes expectError allow nothing', async () => {
    const sim = new Simulation({ seed: 1 })
    sim.host('server', (reactor) => reactor.log({ level: 'error', text: 'it broke' }))
    sim.expectError(isReady as unknown as () => boolean)
    await expect(sim.run(10)).rejects.toThrow('server logged an error: it broke')
  })

  test('fails always also when it is a thenable of another kind', async () => {
    const sim = new Simulation({ seed: 1 })
    sim.host('server', () => undefined)
    sim.always('ready', rejecting)
    await expect(sim.run(10)).rejects.toThrow('the check returned a promise: it must not wait')
  })
})
