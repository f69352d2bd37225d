import { describe, expect, test } from 'vitest'
import { playOnLoopback } from './loopback.ts'
import type { Script } from './place.ts'
import { ADDRESSES } from './scripts/addresses.ts'
import { CONNECTING } from './scripts/connecting.ts'
import { DATAGRAMS } from './scripts/datagrams.ts'
import { PROCESSES } from './scripts/processes.ts'
import { STOPPING } from './scripts/stopping.ts'
import { TLS } from './scripts/tls.ts'
import { UNIX } from './scripts/unix.ts'
import { CLOSES } from './scripts/closes.ts'
import { FLOW } from './scripts/flow.ts'
import { playInSimulation } from './simulated.ts'

describe.each<readonly [string, readonly Script[]]>([
  ['closes', CLOSES],
  ['flow', FLOW],
  ['addresses', ADDRESSES],
  ['connecting', CONNECTING],
  ['UNIX sockets', UNIX],
  ['datagrams', DATAGRAMS],
  ['TLS', TLS],
  ['stopping', STOPPING],
  ['processes', PROCESSES],
])('%s', (_subject, scripts) => {
  test.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    expect.hasAssertions()
    const onLoopback = await playOnLoopback(script)
    for (const machines of [1, 2] as const)
      if (script.machines === undefined || script.machines === machines)
        expect(await playInSimulation(script, machines)).toEqual(onLoopback)
  })
})
