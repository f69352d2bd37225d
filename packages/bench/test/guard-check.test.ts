import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { check, type CheckOptions, type Pair, verdictOf } from '../src/guard-check.ts'
import type { LoadSpec } from '../src/load/kinds.ts'
import { buildLoadProgram } from '../src/load-program.ts'

describe('verdictOf', () => {
  it('allows a quarter more than recorded, and no more', () => {
    expect(verdictOf(1.25, 1)).toEqual({ ratio: 1.25, isSlower: false })
    expect(verdictOf(1.26, 1)).toEqual({ ratio: 1.26, isSlower: true })
    expect(verdictOf(Number.NaN, 1).isSlower).toBe(true)
  })
})

// CPU time is read from /proc.
describe.skipIf(process.platform !== 'linux')('check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const options: CheckOptions = {
    loadProgram: join(folder, 'load.mjs'),
    rounds: 1,
    firstWarmUpMs: 50,
    warmUpMs: 0,
    durationMs: 300,
  }
  buildLoadProgram(options.loadProgram)
  afterAll(() => rmSync(folder, { recursive: true }))

  const load = (port: number): LoadSpec => ({
    kind: 'tcp-echo',
    options: { port, connections: 10, inFlight: 1, bytes: 64 },
  })
  const command = (file: string) => (port: number) => [process.execPath, fileURLToPath(file), String(port)]
  const echo = { command: command(new URL('../servers/tcp-node-net.mjs', import.meta.url).href), load }
  const slow = { command: command(new URL('servers/slow-echo.mjs', import.meta.url).href), load }
  const pairWith = (ours: typeof echo): Pair => ({ name: 'echo', ours, reference: echo })

  it('passes a server that is as fast as recorded', async () => {
    // The machine may be busy with other tests: the record leaves room for that.
    const { ratio, isSlower } = await check(pairWith(echo), 1.6, options)
    expect(isSlower).toBe(false)
    expect(ratio).toBeGreaterThan(0.5)
  })

  it('fails a server that works 50 microseconds more for each message', async () => {
    const { ratio, isSlower } = await check(pairWith(slow), 1.6, options)
    expect(isSlower).toBe(true)
    expect(ratio).toBeGreaterThan(2)
  })
})
