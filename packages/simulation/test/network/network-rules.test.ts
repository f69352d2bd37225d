import { describe, expect, test } from 'vitest'
import { replay } from '../../src/replay/replay.ts'
import { simulateAll } from '../../src/scenario.ts'
import { Simulation } from '../../src/simulation.ts'
import { FLOW_RULES, LINK_RULES } from '../../src/network/network-rules.ts'

describe('a simulation', () => {
  test.each([
    [
      {},
      { link: { latencyMs: [20, 1] } },
      'Cannot take link.latencyMs a list for Simulation: give the shortest',
    ],
    [{}, { link: { latencyMs: [1] } }, 'Cannot take link.latencyMs'],
    [{}, { link: { latencyMs: [1, NaN] } }, 'Cannot take link.latencyMs[1] NaN'],
    [{}, { link: { lossPerMille: 1001 } }, 'Cannot take link.lossPerMille 1001'],
    [{}, { link: { lossPercent: 1 } }, 'Cannot take link.lossPercent 1'],
    [{}, { limits: { segmentBytes: 0 } }, 'Cannot take limits.segmentBytes 0'],
    [{}, { limits: { giveUpMs: '5' } }, 'Cannot take limits.giveUpMs "5"'],
    [{}, { seedGlobal: true }, 'did you mean seedGlobals?'],
    [{ seed: NaN }, {}, 'Cannot take seed NaN for Simulation: give a string or a number'],
    [{ seed: '' }, {}, 'Cannot take seed "" for Simulation'],
  ])('refuses %o with %o', (seed, options, message) => {
    expect(() => new Simulation({ seed: 1, ...seed, ...options } as never)).toThrow(message)
  })

  test('uses the default for undefined', async () => {
    const sim = new Simulation({ seed: 1, link: { lossPerMille: undefined }, limits: undefined } as never)
    await sim.run(1)
    expect(sim.nowMs).toBe(1)
  })

  test('refuses invalid times', async () => {
    const sim = new Simulation({ seed: 1 })
    await expect(sim.run(NaN)).rejects.toThrow('Cannot take ms NaN for run')
    await expect(sim.runUntil(() => true, { timeoutMs: NaN })).rejects.toThrow('for runUntil')
    expect(() => sim.injectFaults({ withinMs: NaN })).toThrow('Cannot take withinMs NaN for injectFaults')
    expect(() => sim.injectFaults({ withinMs: 5, kinds: ['crsh'] as never })).toThrow('kinds[0] "crsh"')
  })
})

test('simulateAll refuses invalid options', async () => {
  for (const options of [{ runs: NaN }, { runs: 0 }, { runs: '5' }, { budgetMs: NaN }, { seeds: 5 }])
    await expect(simulateAll(async () => undefined, options as never)).rejects.toThrow('for simulateAll')
})

test('replay refuses invalid options', async () => {
  const none = (): never => {
    throw new Error('asked')
  }
  await expect(replay([] as never, none, { maxPlays: NaN })).rejects.toThrow(
    'Cannot take maxPlays NaN for replay',
  )
  await expect(replay([] as never, none, { cuts: 'all' as never })).rejects.toThrow(
    `give 'recorded' or 'bytes' or 'every'`,
  )
})

test.each([LINK_RULES, FLOW_RULES])('no rule of the network accepts null (%#)', (rules) => {
  for (const rule of Object.values(rules)) expect(rule(null)).toBeDefined()
})
