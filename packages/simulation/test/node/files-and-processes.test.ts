import crypto from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import cluster from 'node:cluster'
import {
  createWriteStream,
  ftruncateSync,
  lutimesSync,
  mkdirSync,
  readFile,
  readFileSync,
  watch,
  watchFile,
  writeFileSync,
} from 'node:fs'
import fs from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { simulateAll, Simulation } from '../../src/index.ts'
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
    ['fs.watch', () => watch(HERE)],
    ['fs.watchFile', () => watchFile(HERE, () => undefined)],
    ['fs.lutimesSync', () => lutimesSync('/nowhere/file', 1, 1)],
    ['fs.ftruncateSync', () => ftruncateSync(-1)],
    ['child_process.spawn', () => spawn('true')],
    ['child_process.execFileSync', () => execFileSync('true')],
    ['cluster.fork', () => cluster.fork()],
    ['process.kill', () => process.kill(process.pid, 'SIGUSR2')],
    ['process.chdir', () => process.chdir('/')],
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

  test('workers', async () => {
    expect(await failure(() => new Worker('', { eval: true }))).toMatch(
      /one asks for a real worker.*cannot be simulated/,
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

describe('work of other threads takes no time', () => {
  test('node:zlib', async () => {
    const noted = await runAlone(async (note) => {
      setTimeout(() => note('timer'), 1)
      const zipped = await promisify(zlib.gzip)('hello'.repeat(50_000))
      note(`${(await promisify(zlib.gunzip)(zipped)).length}`)
      const [zip, unzip] = [zlib.createBrotliCompress(), zlib.createBrotliDecompress()]
      let bytes = 0
      const count = pipeline(zip, unzip, async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) bytes += chunk.length
      })
      for (let part = 0; part < 20; part++) zip.write(Buffer.alloc(10_000, part))
      zip.end()
      await count
      note(`${bytes}`)
      await promisify(zlib.gunzip)('not zipped').catch((error: Error) => note(error.message))
      note(`at ${performance.now()}`)
    })
    expect(noted).toEqual(['250000', '200000', 'incorrect header check', 'at 0', 'timer'])
  })

  test('node:crypto and crypto.subtle', async () => {
    const noted = await runAlone(async (note) => {
      setTimeout(() => note('timer'), 1)
      const derived = await promisify(crypto.pbkdf2)('secret', 'salt', 1_000, 16, 'sha256')
      note(String(derived.equals(crypto.pbkdf2Sync('secret', 'salt', 1_000, 16, 'sha256'))))
      note(`${(await crypto.subtle.digest('SHA-256', derived)).byteLength}`)
      note((await promisify(crypto.randomBytes)(4)).toString('hex'))
      note(`at ${performance.now()}`)
    })
    expect(noted).toEqual(['true', '32', expect.stringMatching(/^[0-9a-f]{8}$/), 'at 0', 'timer'])
  })
})

test('listeners that a host adds to the process end with its simulation, and others stay', async () => {
  const own = (): void => undefined
  process.on('SIGUSR2', own)
  for (let run = 0; run < 3; run++) {
    const sim = new Simulation({ seed: run })
    sim.node('server', () => {
      process.on('SIGUSR2', () => undefined)
      process.once('SIGUSR2', () => undefined)
    })
    await sim.run(10)
    expect(process.listenerCount('SIGUSR2')).toBe(3)
  }
  await new Simulation({ seed: 4 }).run(1)
  expect(process.listeners('SIGUSR2')).toEqual([own])
  process.off('SIGUSR2', own)
})

test('listeners that a host adds to the process end with the scenario', async () => {
  const scenario = async (sim: Simulation): Promise<void> => {
    sim.node('server', () => process.on('exit', () => undefined))
    await sim.run(10)
  }
  const before = process.listenerCount('exit')
  await simulateAll(scenario, { runs: 2 })
  expect(process.listenerCount('exit')).toBe(before)
})

test('the exit code that a host sets is not that of the test', async () => {
  const sim = new Simulation({ seed: 1 })
  const seen: unknown[] = []
  const { exitCode } = process
  sim.node('one', () => {
    process.exitCode = 3
    setTimeout(() => seen.push(process.exitCode), 5)
    setTimeout(() => process.exit(), 10)
  })
  await sim.run(20)
  expect(seen).toEqual([3])
  expect(process.exitCode).toBe(exitCode)
  expect(sim.trace.lines).toContain('10.000 one exits with 3')
})

test('sim.node takes a function, as its error states', () => {
  const sim = new Simulation({ seed: 1 })
  const add = (program: unknown): unknown => sim.node('one', program as () => unknown)
  expect(() => add(Promise.resolve())).toThrow(
    new TypeError('Cannot take program a Promise for node: give a function'),
  )
  expect(sim.hosts).toEqual([])
})
