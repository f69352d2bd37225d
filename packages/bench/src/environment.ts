import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { PEERS } from './peers.ts'
import { IS_PINNED } from './pinned-process.ts'

/** Where figures were measured: figures of different environments must not stand in one table. */
export interface Environment {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  /** Of the operating system, such as `Linux 6.8.0`. */
  readonly kernel: string
  /** Whether servers and loads had a core each. */
  readonly isPinned: boolean
  /** By name: of Node, and of each peer. Those from npm are installed before anything is measured. */
  readonly versions: Readonly<Record<string, string>>
}

/** Describes this machine, and the versions of what is measured on it. */
export function environmentOf(): Environment {
  const [cpu] = cpus()
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform === 'linux' ? 'Linux' : process.platform} ${release().replace(/-.*/, '')}`,
    isPinned: IS_PINNED,
    versions: versionsOf(),
  }
}

/** The commit that is measured, with a plus when files are changed since; undefined outside a clone. */
export function commitOf(): string | undefined {
  const commit = outputOf('git', ['rev-parse', '--short=10', 'HEAD'])
  // The results of this program do not change what is measured.
  const changes = outputOf('git', [
    'status',
    '--porcelain',
    '--',
    ':(top)packages/*/src',
    ':(top)packages/bench',
  ])
  return commit === undefined || changes === '' ? commit : `${commit}+`
}

function versionsOf(): Readonly<Record<string, string>> {
  const versions: Record<string, string> = { node: process.versions.node, ...PEERS }
  for (const name of ['twisted', 'autobahn']) {
    const script = `import ${name}; print(${name}.__version__)`
    const version = outputOf('/usr/bin/python3', ['-c', script]) ?? outputOf('python3', ['-c', script])
    if (version !== undefined) versions[name] = version
  }
  const nginx = outputOf('sh', ['-c', 'PATH=$PATH:/usr/sbin; nginx -v 2>&1'])
  if (nginx !== undefined) versions['nginx'] = nginx.replace(/^.*\//, '')
  return versions
}

function outputOf(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}
