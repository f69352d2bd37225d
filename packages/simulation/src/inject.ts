import type { DiskConditions } from './disk/disk-conditions.ts'
import type { Fault, FaultKind } from './faults.ts'
import type { SimulatedHost } from './host/simulated-host.ts'
import type { Link, LinkOverlay } from './network/link.ts'
import type { Network } from './network/network.ts'

/** Starts a fault now. @returns a function that ends its effect. */
export function inject(fault: Fault, one: SimulatedHost, other: SimulatedHost): () => void {
  return INJECTIONS[fault.kind](one, other, one.network, fault)
}

type Injection = (
  one: SimulatedHost,
  other: SimulatedHost,
  network: Network<SimulatedHost>,
  fault: Fault,
) => () => void

const INJECTIONS: Readonly<Record<FaultKind, Injection>> = {
  partition: (one, other, network) => onLinks(network.between(one, other), { down: true }),
  'one way': (one, other, network) => onLinks([network.link(one, other)], { down: true }),
  hold: (one, other, network) => onLinks(network.between(one, other), { held: true }),
  reset(one, other, network, { atMs }) {
    // Of its own, so that a run without another fault resets the same.
    const random = network.setup.random.fork(`reset ${atMs} ${one.name} ${other.name}`)
    const towards = random.pick([[one], [other], [one, other]]) ?? []
    for (const host of towards) {
      const ends = host
        .connectionsWith(host === one ? other : one)
        .filter(({ connection }) => connection?.isEstablished === true)
      if (ends.length > 0) network.setup.trace.note(host.name, 'receives a RST')
      for (const { connection } of ends) connection?.resetByNetwork()
    }
    return nothing
  },
  crash: (one) => one.keepCrashed(),
  kill: (one) => one.keepKilled(),
  // What is down is neither paused nor frozen.
  'stand still': ({ layers, isDown }) => (isDown ? nothing : layers.standsStill.add(yes)),
  freeze: ({ layers, isDown }) => (isDown ? nothing : layers.frozen.add(yes)),
  'slow link': (one, other, network) =>
    onLinks(network.between(one, other), {
      conditions: (below) => ({ ...below, bytesPerSecond: Math.min(below.bytesPerSecond, 20_000) }),
    }),
  'slow reader': ({ layers }) => layers.readDelayMs.add((below) => Math.max(below, 50)),
  'full backlog': ({ layers }) => layers.backlogFull.add(yes),
  'no names': ({ layers }) => layers.names.add((below) => ({ ...below, failing: true })),
  'slow names': ({ layers }) => layers.names.add((below) => ({ ...below, delayMs: 3000 })),
  'no descriptors': ({ layers }) => layers.maxDescriptors.add(() => 0),
  'fast clock': ({ layers }) => layers.clockRate.add((below) => Math.max(below, 1.5)),
  'calendar jump'(one) {
    one.jumpCalendar(-3_600_000)
    return nothing
  },
  'slow disk': ({ diskLayers }) => diskLayers.conditions.add(slowed),
  'full disk': ({ diskLayers }) => diskLayers.isFull.add(yes),
  'failing fsync': ({ diskLayers }) => diskLayers.failsSync.add(yes),
}

function onLinks(links: readonly Link[], overlay: LinkOverlay): () => void {
  const ends = links.map((link) => link.overlay(overlay))
  return () => {
    for (const end of ends) end()
  }
}

function slowed(below: DiskConditions): DiskConditions {
  const slow = ([least, most]: readonly [number, number]): readonly [number, number] => [
    least + 100,
    most + 2000,
  ]
  return {
    ...below,
    latencyMs: slow(below.latencyMs),
    syncMs: slow(below.syncMs),
    bytesPerSecond: Math.min(below.bytesPerSecond, 100_000),
  }
}

function yes(): boolean {
  return true
}

function nothing(): void {}
