import { describe, expect, test } from 'vitest'
import { playOnLoopback } from './loopback.ts'
import type { Script } from './place.ts'
import { ADDRESSES } from './scripts/addresses.ts'
import { CONNECTING } from './scripts/connecting.ts'
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
])('%s', (_subject, scripts) => {
  test.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    const onLoopback = await playOnLoopback(script)
    expect(await playInSimulation(script, 1)).toEqual(onLoopback)
    if (script.onOneMachine !== true) expect(await playInSimulation(script, 2)).toEqual(onLoopback)
  })
})
