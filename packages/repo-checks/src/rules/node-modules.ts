import { type Import, importsOf } from '../reading/imports.ts'
import { isPrivateTool, placeOf } from '../reading/place.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds `node:` modules outside the rooms that docs/architecture.md names for them. */
export function nodeModules(repository: Repository): readonly Violation[] {
  return repository.sources.filter(({ path }) => !isPrivateTool(placeOf(path))).flatMap(misplacedIn)
}

function misplacedIn(source: Source): readonly Violation[] {
  return importsOf(source).flatMap((found) => {
    if (!found.specifier.startsWith('node:')) return []
    const module = found.specifier.slice('node:'.length)
    const remedy = 'go through the reactor, or name a room for the module in rules/node-modules.ts'
    if (!mayUse(source.path, module)) return [source.violation(found, `imports node:${module}`, remedy)]
    return drawsRandomness(source.path, module, found)
      ? [source.violation(found, `takes randomness from node:${module}`, 'ask the reactor: randomBytes')]
      : []
  })
}

function mayUse(path: string, module: string): boolean {
  if (path.startsWith(NODE_ROOM)) return !ONLY_INTEROP.has(module)
  if (path.startsWith(TLS_ROOM) && ONLY_TLS.has(module)) return true
  if (path.startsWith(REAL_ROOM) && ONLY_REAL.has(module)) return true
  if (path.startsWith(INTEROP_ROOM) && ONLY_INTEROP.has(module)) return true
  return ANYWHERE_BUT_WIRE.has(module) && !placeOf(path).folders.includes('codec')
}

function drawsRandomness(path: string, module: string, { names }: Import): boolean {
  return module === 'crypto' && !path.startsWith(NODE_ROOM) && names.some((name) => RANDOM.has(name))
}

const NODE_ROOM = 'packages/core/src/node/'
const TLS_ROOM = 'packages/core/src/tls/'
const REAL_ROOM = 'packages/simulation/src/real/'
const INTEROP_ROOM = 'packages/http/src/interop/'
const ANYWHERE_BUT_WIRE: ReadonlySet<string> = new Set([
  'async_hooks',
  'buffer',
  'crypto',
  'diagnostics_channel',
  'url',
  'zlib',
])
/** TLS over any wire opens no socket of its own. */
const ONLY_TLS: ReadonlySet<string> = new Set(['stream', 'tls'])
/** Simulations replace what modules give, and read recordings. */
const ONLY_REAL: ReadonlySet<string> = new Set(['fs/promises', 'module'])
const ONLY_INTEROP: ReadonlySet<string> = new Set(['http', 'http2', 'https'])
const RANDOM: ReadonlySet<string> = new Set([
  'getRandomValues',
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'webcrypto',
])
