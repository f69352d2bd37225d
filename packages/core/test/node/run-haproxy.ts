import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReactor } from '../../src/index.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { portOf } from './socket-harness.ts'

/** Whether there is a haproxy on this machine. */
export const hasHAProxy: boolean = existsSync('/usr/sbin/haproxy')

/** A running haproxy. */
export interface HAProxy {
  /** The ports it was given, by the name of their section. */
  readonly ports: Readonly<Record<string, number>>
  stop(): Promise<void>
}

/**
 * Starts a haproxy.
 *
 * @param sections For each name, the directives of a `listen` section besides its port.
 * @param options For some names, the options of its `bind` after the port; `DIR` is the directory of `files`.
 */
export async function runHAProxy(
  sections: Readonly<Record<string, string>>,
  options: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<HAProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'ropewalk-haproxy-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  for (let attempts = 1; ; attempts++) {
    const ports = await freePorts(Object.keys(sections))
    const listens = Object.entries(sections).map(
      ([name, text]) => `listen ${name}\n  bind 127.0.0.1:${ports[name]} ${options[name] ?? ''}\n${text}\n`,
    )
    const config = join(directory, 'haproxy.cfg')
    writeFileSync(config, `${DEFAULTS}\n${listens.join('')}`.replaceAll('DIR', directory))
    const child = spawn('/usr/sbin/haproxy', ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    const trouble = await started(child, Object.values(ports))
    if (trouble === undefined) return { ports, stop: () => stopped(child, directory) }
    // Another program may have taken a port between our check and its bind.
    if (attempts === 3 || !trouble.includes('cannot bind')) throw new Error(trouble)
  }
}

async function stopped(child: ChildProcess, directory: string): Promise<void> {
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
  rmSync(directory, { recursive: true })
}

/** Resolves when the ports can be reached; with its standard error when it has exited instead. */
async function started(child: ChildProcess, ports: readonly number[]): Promise<string | undefined> {
  const errors: Buffer[] = []
  child.stderr?.on('data', (data: Buffer) => errors.push(data))
  const closed = once(child, 'close')
  const [port = 0] = ports
  while (child.exitCode === null && child.signalCode === null) {
    if (await reachable(port)) return undefined
  }
  await closed
  return Buffer.concat(errors).toString()
}

async function reachable(port: number): Promise<boolean> {
  const probe = new Recorder()
  try {
    await createReactor().connectTCP('127.0.0.1', port, new OneProtocol(probe)).whenConnected()
    probe.transport.abortConnection()
    return true
  } catch {
    return false
  }
}

async function freePorts(names: readonly string[]): Promise<Record<string, number>> {
  const reactor = createReactor()
  const factory = new OneProtocol(new Recorder())
  const held = await Promise.all(names.map(() => reactor.listenTCP(0, factory, { interface: '127.0.0.1' })))
  const ports = held.map(portOf)
  await Promise.all(held.map((port) => port.stopListening()))
  return Object.fromEntries(names.map((name, at) => [name, ports[at] ?? 0]))
}

const DEFAULTS = `
global
  maxconn 100
defaults
  mode tcp
  timeout connect 10s
  timeout client 10s
  timeout server 10s
`
