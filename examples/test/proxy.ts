import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { isInstalled } from './parties.ts'

const PROXIES = { nginx: '/usr/sbin/nginx', haproxy: '/usr/sbin/haproxy' }
export const hasNginx: boolean = isInstalled(PROXIES.nginx)
export const hasHAProxy: boolean = isInstalled(PROXIES.haproxy)

/** A proxy that runs in its own process, in a new directory. */
export class Proxy {
  /** The ports of loopback that it listens on, by the names that were given. */
  readonly ports: Readonly<Record<string, number>>
  readonly #child: ChildProcess
  readonly #directory: string
  readonly #exited: Promise<unknown>
  #errors = ''

  private constructor(kind: keyof typeof PROXIES, directory: string, ports: Record<string, number>) {
    this.ports = ports
    this.#directory = directory
    const config = join(directory, 'proxy.conf')
    const args = kind === 'nginx' ? ['-e', 'stderr', '-p', directory, '-c', config] : ['-db', '-f', config]
    this.#child = spawn(PROXIES[kind], args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child.stderr?.on('data', (data: Buffer) => (this.#errors += data.toString()))
    // A test that fails before it stops its proxy must not leave the process running.
    const kill = (): void => void this.#child.kill('SIGKILL')
    process.once('exit', kill)
    this.#exited = once(this.#child, 'close').then(() => process.off('exit', kill))
  }

  /**
   * Starts a proxy, and waits until it accepts connections.
   *
   * @param names The names of its ports.
   * @param configure Returns its configuration; `DIR` in it is its directory.
   */
  static async start(
    kind: keyof typeof PROXIES,
    names: readonly string[],
    configure: (ports: Readonly<Record<string, number>>) => string,
  ): Promise<Proxy> {
    for (let attempts = 1; ; attempts++) {
      const directory = mkdtempSync(join(tmpdir(), `ropewalk-${kind}-`))
      const ports = await freePorts(names)
      writeFileSync(join(directory, 'proxy.conf'), configure(ports).replaceAll('DIR', directory))
      const proxy = new Proxy(kind, directory, ports)
      while (proxy.#running) {
        if (await isReachable(ports[names[0] ?? ''] ?? 0)) return proxy
        await turn()
      }
      await proxy.#exited
      rmSync(directory, { recursive: true })
      // Another program may have taken a port between our check and its bind.
      const isTaken = /Address already in use|cannot bind/.test(proxy.errors)
      if (attempts === 3 || !isTaken) throw new Error(`Cannot start ${kind}: ${proxy.errors}`)
    }
  }

  /** Its standard error so far. */
  get errors(): string {
    return this.#errors
  }

  /** Reads a file of its directory. */
  read(name: string): string {
    return readFileSync(join(this.#directory, name), 'utf8')
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#exited
    rmSync(this.#directory, { recursive: true })
  }

  get #running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }
}

async function isReachable(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function freePorts(names: readonly string[]): Promise<Record<string, number>> {
  const servers = names.map(() => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  })
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return Object.fromEntries(names.map((name, at) => [name, ports[at] ?? 0]))
}
