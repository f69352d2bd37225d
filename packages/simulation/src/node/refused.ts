import child_process from 'node:child_process'
import cluster from 'node:cluster'
import fs from 'node:fs'
import type { SimulatedHost } from '../host/simulated-host.ts'
import { isModuleLoader } from './module-loaders.ts'
import { nodeHost, replaceMethod } from './node-hosts.ts'

/**
 * Makes the run fail when code of a host changes or watches real files, or starts, ends or changes processes, which
 * no seed could repeat.
 * Other things that cannot be simulated, such as threads, are found when Node announces them.
 */
export function refuseRealActions(): void {
  for (const name of WRITES) {
    refuse(fs, name, `fs.${name}`)
    refuse(fs, `${name}Sync`, `fs.${name}Sync`)
    refuse(fs.promises, name, `fs.promises.${name}`)
  }
  for (const name of WRITES_TO_DESCRIPTORS) {
    refuse(fs, name, `fs.${name}`)
    refuse(fs, `${name}Sync`, `fs.${name}Sync`)
  }
  for (const name of ['watch', 'watchFile']) refuse(fs, name, `fs.${name}`)
  refuse(fs.promises, 'watch', 'fs.promises.watch')
  for (const name of ['open', 'openSync']) refuse(fs, name, `fs.${name}`, opensForWriting)
  refuse(fs.promises, 'open', 'fs.promises.open', opensForWriting)
  for (const name of PROCESSES) refuse(child_process, name, `child_process.${name}`)
  refuse(cluster, 'fork', 'cluster.fork')
  // They would end the process of the test, or change it.
  refuse(process, 'kill', 'process.kill', ([, signal]) => signal !== 0)
  for (const name of ['abort', 'chdir']) refuse(process, name, `process.${name}`)
}

function refuse(
  of: object,
  name: string,
  shown: string,
  applies: (args: readonly unknown[]) => boolean = () => true,
): void {
  replaceMethod(
    of,
    name,
    (real) =>
      function (this: unknown, ...args: unknown[]) {
        const host = nodeHost()
        if (host !== undefined && applies(args) && !isModuleLoader()) fail(host, new CannotBeSimulated(shown))
        return Reflect.apply(real, this, args)
      },
  )
}

/** @throws {Error} `error`, which also fails the run, in case the program catches it. */
function fail(host: SimulatedHost, error: Error): never {
  host.execute(() => {
    throw error
  })
  throw error
}

/** Code of a host called a function that cannot be simulated. */
class CannotBeSimulated extends Error {
  override readonly name = 'CannotBeSimulated'

  constructor(what: string) {
    super(`Cannot simulate ${what}: do it outside of the hosts, or pass the program something in its place`)
  }
}

function opensForWriting([, flags]: readonly unknown[]): boolean {
  if (typeof flags === 'string') return /[wa+]/.test(flags)
  return typeof flags === 'number' && (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0
}

const WRITES = [
  'appendFile',
  'chmod',
  'chown',
  'copyFile',
  'cp',
  'lchown',
  'link',
  'lutimes',
  'mkdir',
  'mkdtemp',
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'truncate',
  'unlink',
  'utimes',
  'writeFile',
]
const WRITES_TO_DESCRIPTORS = ['fchmod', 'fchown', 'ftruncate', 'futimes']
const PROCESSES = ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync']
