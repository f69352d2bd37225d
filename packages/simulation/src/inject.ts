import type { Fault, FaultKind } from './faults.ts'
import type { SimulatedHost } from './host/simulated-host.ts'
import type { Network } from './network/network.ts'

/** Starts a fault now. @returns a function that ends its effect. */
export function inject(fault: Fault, one: SimulatedHost, other: SimulatedHost): () => void {
  return INJECTIONS[fault.kind](one, other, one.network)
}

type Injection = (one: SimulatedHost, other: SimulatedHost, network: Network<SimulatedHost>) => () => void

const INJECTIONS: Readonly<Record<FaultKind, Injection>> = {
  partition(one, other, network) {
    const links = network.between(one, other)
    for (const link of links) link.setDown(true)
    return () => {
      for (const link of links) link.setDown(false)
    }
  },
  'one way'(one, other, network) {
    const link = network.link(one, other)
    link.setDown(true)
    return () => link.setDown(false)
  },
  hold(one, other, network) {
    const links = network.between(one, other)
    for (const link of links) link.setHeld(true)
    return () => {
      for (const link of links) link.setHeld(false)
    }
  },
  reset(one, other, network) {
    const random = network.setup.random
    const towards = random.pick([[one], [other], [one, other]]) ?? []
    for (const host of towards)
      for (const { connection } of host.connectionsWith(host === one ? other : one))
        if (connection !== undefined) connection.resetByNetwork()
    return nothing
  },
  crash(one) {
    one.crash()
    return () => one.start()
  },
  'stand still'(one) {
    one.pause()
    return () => one.goOn()
  },
  freeze(one) {
    one.freeze()
    return () => one.thaw()
  },
  'slow link'(one, other, network) {
    const links = network.between(one, other)
    const before = links.map(({ conditions }) => conditions)
    for (const link of links) link.conditions = { ...link.conditions, bytesPerSecond: 20_000 }
    return () => {
      for (const [at, link] of links.entries()) link.conditions = before[at] ?? link.conditions
    }
  },
  'slow reader'(one) {
    one.readDelayMs = 50
    return () => {
      one.readDelayMs = 0
    }
  },
  'full backlog'(one) {
    one.backlogFull = true
    return () => {
      one.backlogFull = false
    }
  },
  'no names'(one) {
    one.names = { ...one.names, failing: true }
    return () => {
      const { failing: _mended, ...others } = one.names
      one.names = others
    }
  },
  'slow names'(one) {
    one.names = { ...one.names, delayMs: 3000 }
    return () => {
      const { delayMs: _mended, ...others } = one.names
      one.names = others
    }
  },
  'no descriptors'(one) {
    const before = one.maxDescriptors
    one.maxDescriptors = 0
    return () => {
      one.maxDescriptors = before
    }
  },
  'fast clock'(one) {
    one.setClockRate(1.5)
    return () => one.setClockRate(1)
  },
  'calendar jump'(one) {
    one.jumpCalendar(-3_600_000)
    return nothing
  },
}

function nothing(): void {}
