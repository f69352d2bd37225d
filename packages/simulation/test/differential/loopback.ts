import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createReactor, type ListeningPort, type Reactor } from '@ropewalk/core'
import { buildSync } from 'esbuild'
import { Place, type Program, type ProgramOptions, type Script } from './place.ts'
import type { ProgramName } from './programs.ts'

/** Plays a script with two reactors of Node on the loopback interface. Resolves with what the programs saw. */
export async function playOnLoopback(script: Script): Promise<Readonly<Record<string, readonly string[]>>> {
  const loopback = new Loopback()
  try {
    await loopback.open()
    await script.play(loopback)
    return loopback.journal.all
  } finally {
    await loopback.close()
  }
}

class Loopback extends Place {
  readonly #ports = new Set<{ stopListening(): Promise<void> }>()
  readonly server: Reactor = reactorFor((port) => this.keep(port))
  readonly client: Reactor = reactorFor((port) => this.keep(port))
  readonly address = '127.0.0.2'
  readonly address6 = '::1'
  readonly clientAddress = '127.0.0.1'
  readonly #children = new Set<ChildProcess>()
  readonly #directories: string[] = []
  #settling: { readonly server: Server; readonly socket: Socket } | undefined

  constructor() {
    super()
    this.journal.nameHost('127.0.0.2', 'server')
    this.journal.nameHost('127.0.0.1', 'client')
    this.journal.nameHost('::1', 'IPv6')
  }

  /** Opens the connection that `settle` uses. */
  async open(): Promise<void> {
    const server = createServer((socket) => socket.pipe(socket).on('error', ignore))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('It does not listen on TCP')
    const socket = connect(address.port, '127.0.0.1').setNoDelay(true)
    await once(socket, 'connect')
    this.#settling = { server, socket }
  }

  /** Closes everything that the script has opened. */
  async close(): Promise<void> {
    for (const port of this.#ports) await port.stopListening()
    for (const reactor of [this.server, this.client])
      for (const transport of reactor.connections) transport.abortConnection()
    for (const child of this.#children) child.kill('SIGKILL')
    this.#settling?.socket.destroy()
    this.#settling?.server.close()
    for (const directory of this.#directories) rmSync(directory, { recursive: true })
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    for (let turns = 0; !condition(); turns++) {
      if (performance.now() > deadline)
        throw new Error(`It never came about that ${String(condition)}: ${JSON.stringify(this.journal.all)}`)
      // Most conditions hold in a few turns. For the others, a child process may need the processor.
      await (turns < 50 ? turn() : sleep(1))
    }
  }

  /** The system delivers in order, so what was sent before these bytes has arrived before them. */
  async settle(): Promise<void> {
    for (let trips = 0; trips < 3; trips++) {
      this.#settling?.socket.write('x')
      if (this.#settling !== undefined) await once(this.#settling.socket, 'data')
      await turn()
    }
  }

  keep(port: { stopListening(): Promise<void> }): void {
    this.#ports.add(port)
  }

  path(): string {
    const directory = mkdtempSync(join(tmpdir(), 'ropewalk-'))
    this.#directories.push(directory)
    return join(directory, 'socket')
  }

  /** A server removes its file by the path that it bound. */
  async leaveSocketFile(path: string): Promise<void> {
    const server = createServer()
    server.listen(`${path}-first`)
    await once(server, 'listening')
    renameSync(`${path}-first`, path)
    server.close()
    await once(server, 'close')
  }

  async start(name: ProgramName, { maxDescriptors, path }: ProgramOptions = {}): Promise<Program> {
    const node = [process.execPath, CHILD, name, path ?? '127.0.0.3']
    const limited = ['bash', '-c', `ulimit -n ${maxDescriptors} && exec "$0" "$@"`, ...node]
    const [command = '', ...args] = maxDescriptors === undefined ? node : limited
    const lines: string[] = []
    const run = async (): Promise<ChildProcess> => {
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      this.#children.add(child)
      const before = lines.length
      createInterface(child.stdout).on('line', (line) => lines.push(line))
      await this.until(() => lines.length > before)
      return child
    }
    let child = await run()
    const port = path === undefined ? Number(lines.shift()) : 0
    this.journal.nameHost('127.0.0.3', 'program')
    this.journal.namePort(port, 'port')
    return {
      host: '127.0.0.3',
      port,
      seen: lines,
      kill: async () => {
        child.kill('SIGKILL')
        await once(child, 'exit')
      },
      again: async () => {
        child = await run()
      },
      suspend: () => void child.kill('SIGSTOP'),
      goOn: () => void child.kill('SIGCONT'),
    }
  }
}

/** Returns a reactor that calls `opened` with each port that it opens. */
function reactorFor(opened: (port: ListeningPort) => void): Reactor {
  const reactor = createReactor({ log: () => undefined })
  const [listenTCP, listenUNIX] = [reactor.listenTCP.bind(reactor), reactor.listenUNIX.bind(reactor)]
  const keep = async <P extends ListeningPort>(opening: Promise<P>): Promise<P> => {
    const port = await opening
    opened(port)
    return port
  }
  return Object.assign(reactor, {
    listenTCP: (...args: Parameters<typeof listenTCP>) => keep(listenTCP(...args)),
    listenUNIX: (...args: Parameters<typeof listenUNIX>) => keep(listenUNIX(...args)),
  })
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function ignore(): void {}

/** Bundles the program of the child processes, because one file starts sooner than a hundred sources. */
function bundled(): string {
  const path = join(ROOT, 'node_modules/.cache/ropewalk-differential.mjs')
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('child.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    write: false,
  })
  // Renamed into place: other workers write and run the same file.
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, outputFiles[0]?.contents ?? '')
  renameSync(`${path}.${process.pid}`, path)
  return path
}

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))
const CHILD = bundled()
const PATIENCE_MS = 10_000
