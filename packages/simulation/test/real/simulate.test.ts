import { expect, test } from 'vitest'
import { NetworkStats } from '../../src/network/network-stats.ts'
import { commandFor, describeCoverage, simulate } from '../../src/real/simulate.ts'

simulate('simulate defines a vitest test', { runs: 3 }, async (sim) => {
  if (!/^0-[012]$/.test(sim.seed)) throw new Error(`Seed ${sim.seed} is not one of the three`)
  await sim.run(1)
})

simulate.skip('simulate.skip defines a test that does not run', { runs: 1 }, async () => {
  throw new Error('It ran')
})

test('simulate takes the options before the scenario, as its error states', () => {
  const define = (...given: readonly unknown[]): unknown => Reflect.apply(simulate, undefined, given)
  const scenario = async (): Promise<void> => undefined
  const message =
    'Cannot take a function as the options of simulate "a": call simulate(name, options, scenario)'
  expect(() => define('a', scenario)).toThrow(message)
  expect(() => define('a', scenario, { runs: 2 })).toThrow(message)
  expect(() => define('a', { runs: 2 })).toThrow(
    new TypeError('Cannot take scenario undefined for simulate: give a function, or the URL of a module'),
  )
})

test('commandFor returns a shell command that runs a failed seed again', () => {
  expect(commandFor('test/chat.test.ts', "everyone's lines (all)", '0-17')).toBe(
    String.raw`ROPEWALK_SEED=0-17 npx vitest run 'test/chat.test.ts' -t 'everyone'\''s lines \(all\)$'`,
  )
})

test('describeCoverage formats coverage as one line', () => {
  const network = Object.assign(new NetworkStats(), {
    connections: 3,
    segments: 40,
    oneByteSegments: 5,
    resent: 6,
    lost: 7,
    resets: 1,
  })
  expect(
    describeCoverage({
      runs: 2,
      virtualMs: 61_400,
      faults: { crash: 2, hold: 1 },
      network,
      sometimes: { full: 3, torn: 0 },
    }),
  ).toBe(
    '2 runs, 61 virtual seconds; faults: 2 × crash, 1 × hold; 3 connections with 40 segments, 5 of them of one byte, and 6 retransmissions; 7 packets lost, 1 reset by programs; full: 3; torn: never',
  )
  expect(describeCoverage({ runs: 1, virtualMs: 0, faults: {}, network, sometimes: {} })).toContain(
    'faults: none',
  )
})
