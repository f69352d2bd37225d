import { entrySpecifier, placeOf } from '../reading/place.ts'

/**
 * The room a source belongs to: `core/bytes`, `http/errors`, or the specifier of an entry.
 *
 * @returns undefined when the map of rooms has no place for the file.
 */
export function roomOf(path: string): string | undefined {
  const place = placeOf(path)
  const entry = entrySpecifier(place)
  if (entry !== undefined) return isRoom(entry) ? entry : undefined
  const steps = [place.package, ...place.folders, place.name]
  // Whatever lies in a folder needs the folder's own line: only files beside the entries share the package's.
  const fewest = place.folders.length > 0 ? 2 : 1
  for (let count = steps.length; count >= fewest; count -= 1) {
    const room = steps.slice(0, count).join('/')
    if (isRoom(room)) return room
  }
  return undefined
}

/** Whether a file of the room `from` may import from `to`, a room or the specifier of a package. */
export function mayImport(from: string, to: string): boolean {
  return from === to || reach(from).has(to)
}

/** What the arrows lead to, directly or through other rooms. */
function reach(room: string): ReadonlySet<string> {
  const reached = new Set<string>()
  const waiting = [...(ARROWS[room] ?? [])]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (reached.has(next)) continue
    reached.add(next)
    waiting.push(...(ARROWS[next] ?? []))
  }
  return reached
}

function isRoom(name: string): boolean {
  return Object.hasOwn(ARROWS, name)
}

const ABOVE_PROTOCOL = [
  'core/datagram',
  'core/proxy',
  'core/tls',
  'core/endpoint',
  'core/policy',
  'core/service',
  'core/stream',
  'core/time',
]

/** Which room imports from which: the arrows of docs/architecture.md. An arrow's goal brings along what it may import. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'core/bytes': [],
  'core/options': [],
  'core/safely': [],
  'core/addresses': ['core/options'],
  'core/errors': ['core/addresses', 'core/bytes'],
  'core/hosts': ['core/errors'],
  'core/interfaces': ['core/errors'],
  'core/log': ['core/interfaces'],
  'core/time': ['core/interfaces', 'core/safely'],
  'core/transport': ['core/hosts', 'core/time'],
  'core/tls': ['core/transport'],
  'core/protocol': ['core/time'],
  'core/policy': ['core/protocol', 'core/transport'],
  'core/proxy': ['core/protocol', 'core/transport'],
  'core/datagram': ['core/transport'],
  'core/endpoint': ['core/protocol', 'core/proxy', 'core/tls', 'core/transport'],
  'core/stream': ['core/protocol', 'core/transport'],
  'core/service': ['core/endpoint', 'core/protocol', 'core/stream', 'core/time', 'core/transport'],
  'core/reactor': ['core/log', 'core/tls', 'core/datagram', 'core/transport'],
  'core/node': ['core/reactor', ...ABOVE_PROTOCOL],
  'core/testing': ['core/reactor', ...ABOVE_PROTOCOL],
  'core/checks': ['core/testing'],
  '@ropewalk/core': ['core/node'],
  '@ropewalk/core/bytes': ['core/bytes'],
  '@ropewalk/core/options': ['core/options'],
  '@ropewalk/core/reactor': ['core/reactor', 'core/time'],
  '@ropewalk/core/testing': ['core/checks', 'core/testing'],

  'http/message/status': [],
  'http/errors': ['@ropewalk/core/bytes', 'http/message/status'],
  'http/message': ['http/errors'],
  'http/codec': ['http/message', '@ropewalk/core/bytes'],
  'http/server': ['http/codec', '@ropewalk/core', '@ropewalk/core/options'],
  'http/site': ['http/server'],
  'http/client': ['http/server'],
  'http/proxy': ['http/site', 'http/client'],
  'http/interop': ['http/site', 'http/client'],
  '@ropewalk/http': ['http/proxy', 'http/interop'],

  'websocket/errors': [],
  'websocket/codec': ['websocket/errors', '@ropewalk/core/bytes', '@ropewalk/core/options'],
  'websocket/handshake': ['websocket/errors', '@ropewalk/http'],
  websocket: ['websocket/handshake', 'websocket/codec'],
  '@ropewalk/websocket': ['websocket'],

  'simulation/random': [],
  'simulation/diagram': [],
  'simulation/trace': ['simulation/diagram'],
  'simulation/call-site': [],
  'simulation/faults': ['simulation/random', '@ropewalk/core/options'],
  'simulation/time': [
    '@ropewalk/core',
    '@ropewalk/core/bytes',
    '@ropewalk/core/options',
    '@ropewalk/core/reactor',
  ],
  'simulation/network': ['simulation/random', 'simulation/time', 'simulation/trace', '@ropewalk/core'],
  'simulation/host': ['simulation/call-site', 'simulation/network'],
  'simulation/real/environment': [],
  'simulation/real/unhandled-rejections': [],
  'simulation/real/real-work': ['simulation/call-site'],
  'simulation/real/seeded-globals': ['simulation/random'],
  'simulation/replay': [
    '@ropewalk/core/options',
    'simulation/network',
    'simulation/real/environment',
    '@ropewalk/core/testing',
  ],
  simulation: [
    '@ropewalk/core/options',
    'simulation/faults',
    'simulation/host',
    'simulation/replay',
    'simulation/real/environment',
    'simulation/real/real-work',
    'simulation/real/unhandled-rejections',
    'simulation/real/seeded-globals',
  ],
  'simulation/real': ['simulation', 'vitest'],
  '@ropewalk/simulation': ['simulation'],
  '@ropewalk/simulation/vitest': ['simulation/real'],

  'repo-checks/reading': ['oxc-parser'],
  'repo-checks/rules': ['repo-checks/reading'],
  'repo-checks': ['repo-checks/rules'],
}
