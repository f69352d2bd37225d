import { spawnSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connectionLimit, descriptorLimit, parseLimit, waitingLimit } from '../../src/node/process-limits.ts'
import { ROOT, runProgram } from './run-program.ts'
import { until } from './socket-harness.ts'

describe('descriptorLimit', () => {
  test('is the limit of the system, or a low guess', () => {
    expect(descriptorLimit()).toBeGreaterThanOrEqual(256)
    expect(descriptorLimit('/no/such/file')).toBeGreaterThanOrEqual(10_240)
  })

  test('reads the soft limit of Linux', () => {
    const limits =
      'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\n'
    expect(parseLimit(limits)).toBe(1024)
    expect(parseLimit(limits.replace('1024', 'unlimited'))).toBe(Infinity)
    expect(parseLimit('nothing')).toBeUndefined()
  })
})

describe('connectionLimit', () => {
  test('reserves a tenth, at least 64, for everything else', () => {
    expect(connectionLimit(20_000)).toBe(18_000)
    expect(connectionLimit(256)).toBe(192)
    expect(connectionLimit(10)).toBe(1)
    expect(connectionLimit(Infinity)).toBe(Infinity)
  })

  test('keeps a process with few descriptors alive under many connections, and serves later ones', async () => {
    const clients: Connection[] = []
    const program = `
      const port = await reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1', maxWaitMs: 60_000 })
      reactor.callWhenRunning(() => console.log(port.getHost().port))
      await reactor.run()
    `
    const ended = await runProgram(
      program,
      async (line, child) => {
        clients.push(...Array.from({ length: 700 }, () => new Connection(Number(line))))
        await until(() => clients.filter(({ echoed }) => echoed).length >= 300)
        await until(() => clients.filter(({ closed }) => closed).length > 0)
        for (const client of clients.splice(0)) client.leave()
        let late = new Connection(Number(line))
        await until(() => {
          // A connection made before the others are closed is closed like them.
          if (late.closed) late = new Connection(Number(line))
          return late.echoed
        })
        late.leave()
        child.kill('SIGTERM')
      },
      { maxDescriptors: 512 },
    )
    expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 0, signal: null })
    expect(ended.errors).not.toMatch(/EMFILE/)
  })

  test('keeps a process without free descriptors alive: its connects fail, and it serves again later', async () => {
    let tooMany: Connection | undefined
    const program = `
      import { closeSync, openSync } from 'node:fs'
      const port = await reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' })
      const opened = []
      process.on('SIGUSR2', () => {
        for (const fd of opened.splice(0)) closeSync(fd)
        console.log('free')
      })
      reactor.callWhenRunning(async () => {
        try {
          for (;;) opened.push(openSync('/dev/null', 'r'))
        } catch {}
        const dialled = reactor.connectTCP('127.0.0.1', port.getHost().port, Factory.forProtocol(Protocol))
        const { name, code } = await dialled.whenConnected().catch((error) => error)
        console.log(JSON.stringify({ port: port.getHost().port, name, code }))
      })
      await reactor.run()
    `
    let port = 0
    const ended = await runProgram(
      program,
      async (line, child) => {
        if (line !== 'free') {
          ;({ port } = JSON.parse(line) as { port: number })
          // Some versions of Node close it at once, others leave it in the accept queue until a descriptor is
          // free.
          tooMany = new Connection(port)
          child.kill('SIGUSR2')
        } else {
          const served = new Connection(port)
          await until(() => served.echoed && (tooMany?.closed === true || tooMany?.echoed === true))
          served.leave()
          tooMany?.leave()
          child.kill('SIGTERM')
        }
      },
      { maxDescriptors: 512 },
    )
    expect(ended.output).toContain('"name":"ConnectError","code":"EMFILE"')
    expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 0, signal: null })
  })
})

/** A client that sends a byte and notes whether it is echoed. */
class Connection {
  echoed = false
  closed = false
  readonly #socket: Socket

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1' })
    this.#socket.on('data', () => (this.echoed = true))
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => (this.closed = true))
    this.#socket.write('x')
  }

  leave(): void {
    this.#socket.destroy()
  }
}

test('waitingLimit is half of the descriptors reserved besides connections', () => {
  expect([waitingLimit(256), waitingLimit(20_000), waitingLimit(Infinity)]).toEqual([32, 1000, Infinity])
})

const MIB = 1024 * 1024

describe('keepHeap', () => {
  /** Measures its effect on the memory of a process that does nothing else. */
  const measure = (
    platform: NodeJS.Platform,
  ): { readonly taken: number; readonly used: number; readonly kept: number } => {
    const source = `
      import { keepHeap } from './packages/core/src/node/process-limits.ts'
      gc()
      const before = process.memoryUsage()
      keepHeap('${platform}')
      const after = process.memoryUsage()
      const kept = () => process.memoryUsage().arrayBuffers - before.arrayBuffers
      // Another thread frees the memory of collected buffers, at a later time.
      for (let tries = 0; tries < 200 && kept() > ${MIB}; tries++) {
        gc()
        await new Promise((resolve) => setImmediate(resolve))
      }
      const taken = after.arrayBuffers - before.arrayBuffers
      console.log(JSON.stringify({ taken, used: after.rss - before.rss, kept: kept() }))`
    const args = ['--expose-gc', ...TYPESCRIPT, '--input-type=module', '--eval', source]
    const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    return JSON.parse(stdout) as ReturnType<typeof measure>
  }

  test('allocates a block on Linux that the next collection frees, and never writes to it', () => {
    const { taken, used, kept } = measure('linux')
    expect(taken).toBeGreaterThan(31 * MIB)
    expect(used).toBeLessThan(16 * MIB)
    expect(kept).toBeLessThan(MIB)
  })

  test('allocates nothing on other systems', () => {
    expect(measure('darwin').taken).toBeLessThan(MIB)
  })
})

/** The arguments with which Node runs TypeScript; empty from 22.18 on. */
const TYPESCRIPT: readonly string[] = 'typescript' in process.features ? [] : ['--import', 'tsx']
