import { describe, expect, test } from 'vitest'
import type { Disk } from '../../src/disk/disk.ts'
import { Simulation, type SimulatedHost, type SimulationOptions } from '../../src/index.ts'

/** A host whose program is one function at a time. */
class OneHost {
  readonly sim: Simulation
  readonly host: SimulatedHost
  #program: (disk: Disk) => unknown = () => undefined

  constructor(options: Partial<SimulationOptions> = {}) {
    this.sim = new Simulation({ seed: 1, ...options })
    this.host = this.sim.host('one', (reactor) => this.#program(reactor.disk))
  }

  /** Runs a program to its end. */
  async does<T>(program: (disk: Disk) => Promise<T>): Promise<T> {
    const results: T[] = []
    this.host.execute(async () => results.push(await program(this.host.reactor.disk)))
    await this.sim.runUntil(() => results.length > 0)
    return results[0] as T
  }

  /** A power failure, and the machine is on again. */
  async losePower(): Promise<void> {
    this.host.crash()
    this.host.start()
    await this.sim.run(1)
  }

  /** The files as text. */
  get files(): Readonly<Record<string, string>> {
    return Object.fromEntries(Array.from(this.host.disk.files, ([path, file]) => [path, file.toString()]))
  }
}

/** What is left after a power failure, with each of many seeds, without duplicates and sorted. */
async function afterwards(
  program: (disk: Disk) => Promise<unknown>,
  options: Partial<SimulationOptions> = {},
): Promise<readonly string[]> {
  const found = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const one = new OneHost({ ...options, seed })
    await one.does(program)
    await one.losePower()
    found.add(
      Object.entries(one.files)
        .map(([path, text]) => `${path}=${text}`)
        .join(' '),
    )
  }
  return [...found].toSorted()
}

const failure = (error: NodeJS.ErrnoException): string => `${error.code} ${error.syscall} ${error.path}`

describe('SimulatedDisk', () => {
  test('writes, appends, reads, cuts, renames, removes and lists files', async () => {
    const one = new OneHost()
    const seen = await one.does(async (disk) => {
      await disk.write('/data/log', 'one')
      await disk.append('data/log', Buffer.from(' two'))
      await disk.write('/data/log', 'ON', { at: 0 })
      await disk.write('/data/./far', 'x', { at: 3 })
      const log = String(await disk.read('/data/x/../log'))
      await disk.truncate('/data/log', 2)
      await disk.write('/other', 'long')
      await disk.write('/other', 'new')
      const before = [await disk.list('/'), await disk.list('/data')]
      await disk.rename('/data/log', '/other')
      await disk.remove('/data/far')
      return [log, ...before, await disk.list('/data')]
    })
    expect(seen).toEqual(['ONe two', ['data', 'other'], ['far', 'log'], []])
    expect(one.files).toEqual({ '/other': 'ON' })
  })

  test('fills a gap with zeros, and copies what it is given and what it returns', async () => {
    const one = new OneHost()
    const content = await one.does(async (disk) => {
      const data = Buffer.from('x')
      const writing = disk.write('/a', data, { at: 2 })
      data.fill('y')
      await writing
      const read = await disk.read('/a')
      read.fill('z')
      return disk.read('/a')
    })
    expect(content.toString()).toBe('\0\0x')
  })

  test.each([
    ['ENOENT open /a', (disk: Disk) => disk.read('/a')],
    ['ENOENT truncate /a', (disk: Disk) => disk.truncate('/a', 0)],
    ['ENOENT rename /a', (disk: Disk) => disk.rename('/a', '/b')],
    ['ENOENT unlink /a', (disk: Disk) => disk.remove('a')],
    ['ENOENT fsync /a', (disk: Disk) => disk.fsync('/a')],
    ['ENOENT scandir /a', (disk: Disk) => disk.list('/a')],
    ['EISDIR open /folder', (disk: Disk) => disk.write('/folder', '')],
    ['EISDIR open /folder', (disk: Disk) => disk.read('/folder')],
    ['EISDIR rename /folder', (disk: Disk) => disk.rename('/folder/file', '/folder')],
    ['ENOTDIR open /folder/file/x', (disk: Disk) => disk.append('/folder/file/x', '')],
    ['ENOTDIR scandir /folder/file', (disk: Disk) => disk.list('/folder/file')],
  ] as const)('rejects with %s', async (wanted, operation) => {
    const one = new OneHost()
    one.host.disk.put('/folder/file', 'x')
    const seen = await one.does((disk) =>
      (operation(disk) as Promise<unknown>).then(() => 'no error', failure),
    )
    expect(seen).toBe(wanted)
  })

  test('checks arguments and conditions', async () => {
    const one = new OneHost()
    const { disk } = one.host
    await expect(disk.read('')).rejects.toThrow('Cannot take path "" for disk.read')
    await expect(disk.write('/a', 7 as never)).rejects.toThrow('give a Uint8Array or a string')
    await expect(disk.write('/a', '', { at: -1 })).rejects.toThrow('Cannot take at -1 for disk.write')
    await expect(disk.truncate('/a', 0.5)).rejects.toThrow('Cannot take length 0.5 for disk.truncate')
    expect(() => (disk.conditions = { syncMs: [2, 1] })).toThrow('the shortest time and the longest')
    expect(() => (disk.conditions = { order: 'none' as never })).toThrow('for disk.conditions')
    expect(() => (disk.isFull = 1 as never)).toThrow('give true or false')
    expect(() => new Simulation({ seed: 1, disk: { bytesPerSecond: 0 } })).toThrow('bytesPerSecond')
  })

  test('takes the time of its conditions, and transfers one after the other', async () => {
    const one = new OneHost({ disk: { latencyMs: [2, 2], syncMs: [5, 5], bytesPerSecond: 1000 } })
    const times = await one.does(async (disk) => {
      const { reactor } = one.host
      const began = reactor.now()
      const since = (): number => Math.round(reactor.now() - began)
      await Promise.all([disk.append('/a', 'x'.repeat(10)), disk.append('/b', 'x'.repeat(10))])
      const written = since()
      await disk.fsync('/a')
      const synced = since()
      await disk.list('/')
      return [written, synced, since()]
    })
    expect(times).toEqual([22, 37, 39])
  })

  test('gives results after a pause, and stands still in a freeze', async () => {
    const one = new OneHost({ disk: { latencyMs: [100, 100] } })
    const { host, sim } = one
    const done: number[] = []
    const write = async (): Promise<void> => {
      await host.reactor.disk.write('/a', 'x')
      done.push(Math.round(sim.nowMs))
    }
    host.execute(write)
    host.pause()
    await sim.run(500)
    expect([done, one.files]).toEqual([[], { '/a': 'x' }])
    host.goOn()
    await sim.run(0)
    expect(done).toEqual([500])
    host.execute(write)
    await sim.run(50)
    host.freeze()
    await sim.run(1000)
    host.thaw()
    await sim.run(200)
    expect(done).toEqual([500, 1600])
  })

  test('kill loses nothing that was written, nor what is being written', async () => {
    const one = new OneHost()
    await one.does((disk) => disk.write('/a', 'written'))
    one.host.execute(() => void one.host.reactor.disk.write('/b', 'under way'))
    one.host.kill()
    one.host.start()
    const read = await one.does((disk) => disk.read('/b'))
    expect([read.toString(), one.files]).toEqual(['under way', { '/a': 'written', '/b': 'under way' }])
  })

  test('code of a run that is over cannot use the disk', async () => {
    const one = new OneHost()
    const old = one.host.reactor.disk
    await one.losePower()
    let settled = false
    void old.write('/a', 'x').finally(() => (settled = true))
    await one.sim.run(1000)
    expect([settled, one.files]).toEqual([false, {}])
  })

  test('what was synced survives a power failure', async () => {
    const left = await afterwards(async (disk) => {
      await disk.append('/log', 'synced')
      await disk.fsync('/log')
    })
    expect(left).toEqual(['/log=synced'])
  })

  test('a change during an fsync may be lost', async () => {
    const left = await afterwards(
      async (disk) => {
        await disk.append('/log', 'a')
        await Promise.all([disk.fsync('/log'), disk.append('/log', 'b')])
      },
      { disk: { latencyMs: [1, 1], syncMs: [5, 5] } },
    )
    expect(left).toEqual(['/log=a', '/log=ab'])
  })

  test('ordered: the fsync of a file makes names before it durable, and a rename needs that of its folder', async () => {
    const replace = async (disk: Disk): Promise<void> => {
      await disk.write('/d/state.new', 'new')
      await disk.fsync('/d/state.new')
      await disk.rename('/d/state.new', '/d/state')
    }
    expect(await afterwards(replace)).toEqual(['/d/state.new=new', '/d/state=new'])
    expect(
      await afterwards(async (disk) => {
        await replace(disk)
        await disk.fsync('/d')
      }),
    ).toEqual(['/d/state=new'])
  })

  test('ordered: a rename without the fsync of the file may leave it empty', async () => {
    const left = await afterwards(async (disk) => {
      await disk.write('/state', 'old')
      await disk.fsync('/state')
      await disk.write('/new', 'new')
      await disk.rename('/new', '/state')
      await disk.fsync('/')
    })
    expect(left).toEqual(['/state=', '/state=new'])
  })

  test('hostile: a file needs an fsync for its content and one of its folder for its name', async () => {
    const disk = { order: 'hostile' } as const
    const create = async (used: Disk): Promise<void> => {
      await used.write('/d/a', 'a')
      await used.fsync('/d/a')
    }
    expect(await afterwards(create, { disk })).toEqual(['', '/d/a=a'])
    const both = async (used: Disk): Promise<void> => {
      await create(used)
      await used.fsync('/d')
    }
    expect(await afterwards(both, { disk })).toEqual(['/d/a=a'])
  })

  test('hostile: names survive in any subset', async () => {
    const names = async (disk: Disk): Promise<void> => {
      await disk.write('/a', '')
      await disk.write('/b', '')
    }
    expect(await afterwards(names, { disk: { order: 'hostile' } })).toEqual(['', '/a=', '/a= /b=', '/b='])
    expect(await afterwards(names)).toEqual(['', '/a=', '/a= /b='])
  })

  test('an operation under way at a power failure has happened or not', async () => {
    const found = new Set<string>()
    for (let seed = 0; seed < 60; seed++) {
      const one = new OneHost({ seed })
      one.host.disk.put('/a', 'old')
      one.host.execute(() => void one.host.reactor.disk.remove('/a'))
      await one.losePower()
      found.add(JSON.stringify(one.files))
    }
    expect(found).toEqual(new Set(['{"/a":"old"}', '{}']))
  })

  test('a full disk takes the part that fits, and refuses the rest', async () => {
    const one = new OneHost({ disk: { capacityBytes: 10 } })
    const errors = await one.does(async (disk) => {
      await disk.write('/a', 'x'.repeat(6))
      const first = await disk.append('/b', 'y'.repeat(6)).catch(failure)
      await disk.write('/a', 'z', { at: 0 })
      return [first, await disk.truncate('/a', 7).catch(failure)]
    })
    expect(errors).toEqual(['ENOSPC write /b', 'ENOSPC truncate /a'])
    expect(one.files).toEqual({ '/a': 'zxxxxx', '/b': 'yyyy' })
    one.host.disk.conditions = { capacityBytes: Infinity }
    one.host.disk.isFull = true
    expect(await one.does((disk) => disk.append('/a', 'x').catch(failure))).toBe('ENOSPC write /a')
    one.host.disk.isFull = false
    await one.does((disk) => disk.append('/a', 'y'))
    expect(one.files['/a']).toBe('zxxxxxy')
  })

  test('after a failed fsync, a further one succeeds and does not write again what was lost', async () => {
    const left = new Set<string>()
    for (let seed = 0; seed < 30; seed++) {
      const one = new OneHost({ seed })
      one.host.disk.put('/log', '')
      one.host.disk.failsSync = true
      const failed = await one.does(async (disk) => {
        await disk.append('/log', 'a')
        return disk.fsync('/log').catch(failure)
      })
      expect(failed).toBe('EIO fsync /log')
      one.host.disk.failsSync = false
      await one.does((disk) => disk.fsync('/log'))
      expect(one.files).toEqual({ '/log': 'a' })
      await one.losePower()
      left.add(one.files['/log'] ?? '')
    }
    expect(left).toEqual(new Set(['', 'a']))
  })

  test('shows a test what is durable, in an instant', async () => {
    const one = new OneHost()
    const { disk } = one.host
    disk.put('/config', 'x')
    await one.does((used) => used.append('/config', 'y'))
    expect([disk.files.get('/config')?.toString(), disk.durableFiles.get('/config')?.toString()]).toEqual([
      'xy',
      'x',
    ])
    expect([disk.has('config'), disk.has('/other')]).toEqual([true, false])
  })

  test('readFile finds host.files first, then the disk', async () => {
    const one = new OneHost()
    const { host } = one
    host.files.set('/cert', 'given')
    host.disk.put('/cert', 'from the disk')
    host.disk.put('/state', 'from the disk')
    const read = (path: string): Promise<string> => one.does(() => host.reactor.readFile(path).then(String))
    expect([await read('/cert'), await read('/state')]).toEqual(['given', 'from the disk'])
  })

  test('the same seed gives the same trace, with operations and losses', async () => {
    const trace = async (seed: number): Promise<string> => {
      const one = new OneHost({ seed })
      await one.does(async (disk) => {
        await disk.append('/log', 'x'.repeat(2000))
        await disk.fsync('/nothing').catch(() => undefined)
      })
      await one.losePower()
      return one.sim.trace.toString()
    }
    expect(await trace(2)).toBe(await trace(2))
    const traces = await Promise.all(Array.from({ length: 10 }, (_, seed) => trace(seed)))
    expect(traces[0]).toContain('one disk: append /log "xxx')
    expect(traces[0]).toContain('disk: fsync /nothing fails: ENOENT')
    expect(traces.join()).toContain('disk: /log is lost')
  })
})
