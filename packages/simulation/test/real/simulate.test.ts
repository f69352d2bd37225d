import { expect, test } from 'vitest'
import { NetworkStats } from '../../src/network/network-stats.ts'
import { commandFor, describeCoverage, simulate } from '../../src/real/simulate.ts'
import { TwoHosts } from '../two-hosts.ts'

simulate('a scenario is a test of vitest', { runs: 3 }, async (sim) => {
  if (!/^0-[012]$/.test(sim.seed)) throw new Error(`Seed ${sim.seed} is none of three`)
  await TwoHosts.connected({ seed: sim.seed })
})

test('a failure can be run again by one line for the shell', () => {
  expect(commandFor('test/chat.test.ts', "everybody's lines (all)", '0-17')).toBe(
    String.raw`ROPEWALK_SEED=0-17 npx vitest run 'test/chat.test.ts' -t 'everybody'\''s lines \(all\)'`,
  )
})

test('what runs had in them is told in one line', () => {
  const network = Object.assign(new NetworkStats(), {
    connections: 3,
    segments: 40,
    oneByteSegments: 5,
    resent: 6,
    lost: 7,
    resets: 1,
  })
  expect(describeCoverage({ runs: 2, virtualMs: 61_400, faults: { crash: 2, hold: 1 }, network })).toBe(
    '2 runs, 61 virtual seconds; faults: 2 × crash, 1 × hold; 3 connections with 40 pieces, of which 5 of one byte and 6 sent again; 7 packets lost, 1 resets',
  )
  expect(describeCoverage({ runs: 1, virtualMs: 0, faults: {}, network })).toContain('faults: none')
})
