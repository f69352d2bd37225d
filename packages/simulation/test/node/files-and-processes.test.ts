import { execFileSync, spawn } from 'node:child_process'
import cluster from 'node:cluster'
import { createWriteStream, mkdirSync, readFile, readFileSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { gzip } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/index.ts'
import { runAlone } from './node-program.ts'

const HERE = new URL(import.meta.url)

/** The message with which a run fails whose program does `action`. */
async function failure(action: () => unknown): Promise<string> {
  const sim = new Simulation({ seed: 1 })
  sim.node('one', action)
  const failed: unknown = await sim.run(1_000).catch((error: unknown) => error)
  return String(failed)
}

describe('what cannot be simulated fails the run by name', () => {
  test.each([
    ['fs.writeFileSync', () => writeFileSync('/nowhere/file', '')],
    ['fs.promises.writeFile', () => fs.writeFile('/nowhere/file', '')],
    ['fs.mkdirSync', () => mkdirSync('/nowhere/folder')],
    ['fs.open', () => createWriteStream('/nowhere/file')],
    ['fs.promises.open', () => fs.open('/nowhere/file', 'a')],
    ['child_process.spawn', () => spawn('true')],
    ['child_process.execFileSync', () => execFileSync('true')],
    ['cluster.fork', () => cluster.fork()],
  ])('%s', async (name, action) => {
    expect(await failure(action)).toContain(`Seed 1 at 0.000 ms: one failed: Cannot simulate ${name}: `)
  })

  test('also if the program catches the error', async () => {
    const caught = (): void => {
      try {
        writeFileSync('/nowhere/file', '')
      } catch {
        // Ignored, as programs do.
      }
    }
    expect(await failure(caught)).toContain('Cannot simulate fs.writeFileSync')
  })

  test('workers and other threads', async () => {
    expect(await failure(() => new Worker('', { eval: true }))).toContain('one asks for a real worker')
    expect(await failure(() => gzip('hello', () => undefined))).toMatch(
      /real work in another thread.*cannot be simulated/,
    )
  })

  test('but not outside of hosts', async () => {
    const sim = new Simulation({ seed: 1 })
    sim.node('one', () => undefined)
    sim.at(1, () => execFileSync('true'))
    await sim.run(1_000)
    expect(sim.nowMs).toBe(1_000)
  })
})

test('files are read while time stands still', async () => {
  const noted = await runAlone(async (note) => {
    const own = readFileSync(HERE, 'utf8')
    setTimeout(() => note('timer'), 1)
    note(String((await fs.readFile(HERE, 'utf8')) === own))
    note(String((await promisify(readFile)(HERE, 'utf8')) === own))
    const file = await fs.open(HERE)
    for await (const chunk of file.createReadStream({ encoding: 'utf8', highWaterMark: 1_000 }))
      note(`${(chunk as string).length}`)
    note(`at ${performance.now()}`)
  })
  expect(noted.slice(0, 3)).toEqual(['true', 'true', '1000'])
  expect(noted.slice(-2)).toEqual(['at 0', 'timer'])
})
