import { expect, test } from 'vitest'
import { type Fault, type LinkConditions, Simulation } from '../src/index.ts'
import type { NameConditions } from '../src/network/names.ts'

const sim = new Simulation({ seed: 1 })
const host = sim.host('server', () => undefined)
const other = sim.host('client', () => undefined)
const link = sim.network.link(host, other)
const fault: Fault = { kind: 'crash', atMs: 1, forMs: 5, one: 'server', other: 'client' }

test.each<[string, () => unknown, string]>([
  ['sim.at without a time', () => sim.at(NaN, () => undefined), 'Cannot take ms NaN for at'],
  ['sim.at without a call', () => sim.at(1, undefined as never), 'Cannot take call undefined'],
  ['a host without name', () => sim.host('', () => undefined), 'Cannot take name "" for host'],
  ['a host without program', () => sim.host('a', undefined as never), 'Cannot take program undefined'],
  [
    'a partition with another option',
    () => sim.partition(host, other, { oneway: true } as object),
    'did you mean oneWay?',
  ],
  ['a fault without time', () => sim.inject({ ...fault, atMs: NaN }), 'Cannot take atMs NaN for inject'],
  ['a fault with a missing field', () => sim.inject({ ...fault, forMs: undefined as never }), 'forMs'],
  ['a negative length', () => sim.inject({ ...fault, forMs: -5 }), 'Cannot take forMs -5 for inject'],
  ['an unknown kind', () => sim.inject({ ...fault, kind: 'krash' as 'crash' }), 'Cannot take kind "krash"'],
  ['a clock that stands still', () => host.setClockRate(0), 'Cannot take rate 0 for setClockRate'],
  ['a clock that runs back', () => host.setClockRate(-1), 'Cannot take rate -1 for setClockRate'],
  ['a jump of NaN', () => host.jumpCalendar(NaN), 'Cannot take ms NaN for jumpCalendar'],
  ['a delay of NaN', () => (host.readDelayMs = NaN), 'Cannot take readDelayMs NaN'],
  ['less than no descriptors', () => (host.maxDescriptors = -1), 'Cannot take maxDescriptors -1'],
  ['unknown names', () => (host.names = { delayMS: 5 } as object), 'did you mean delayMs?'],
  [
    'names that fail a little',
    () => (sim.network.names.conditions = { failing: 0.5 } as unknown as NameConditions),
    'Cannot take failing 0.5 for names.conditions',
  ],
  [
    'names without a delay',
    () => (sim.network.names.conditions = { failing: true } as NameConditions),
    'Cannot take delayMs undefined for names.conditions',
  ],
  [
    'a loss of NaN',
    () => (link.conditions = { ...link.conditions, lossPerMille: NaN }),
    'Cannot take lossPerMille NaN for link.conditions',
  ],
  [
    'a negative latency',
    () => (link.conditions = { ...link.conditions, latencyMs: [-1, 5] }),
    'Cannot take latencyMs[0] -1 for link.conditions',
  ],
  [
    'a bandwidth of 0',
    () => (link.conditions = { ...link.conditions, bytesPerSecond: 0 }),
    'Cannot take bytesPerSecond 0 for link.conditions',
  ],
  [
    'a part of the conditions of a link',
    () => (link.conditions = { lossPerMille: 100 } as LinkConditions),
    'Cannot take latencyMs undefined for link.conditions',
  ],
  [
    'no conditions of a link',
    () => (link.conditions = undefined as never),
    'Cannot take latencyMs undefined',
  ],
  ['a condition that is a number', () => sim.runUntil(5 as never), 'Cannot take condition 5 for runUntil'],
])('%s is refused with the name of the argument', async (_name, call, message) => {
  await expect(async () => call()).rejects.toThrow(message)
})
