import { isPrivateTool, placeOf } from '../reading/place.ts'
import { referencesOf } from '../reading/references.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds clock, timers, randomness and the process used as globals, which few rooms may. */
export function ambientEffects(repository: Repository): readonly Violation[] {
  const sources = repository.sources.filter(({ path }) => !mayUseThem(path))
  return [...sources.flatMap(globalsIn), ...sources.flatMap(membersIn), ...sources.flatMap(currentDatesIn)]
}

function mayUseThem(path: string): boolean {
  return ROOMS.some((room) => path.startsWith(room)) || isPrivateTool(placeOf(path))
}

function globalsIn(source: Source): readonly Violation[] {
  return referencesOf(source)
    .filter(({ name }) => GLOBALS.has(name))
    .map((reference) => source.violation(reference, `uses the global ${reference.name}`, REMEDY))
}

function membersIn(source: Source): readonly Violation[] {
  const found: Violation[] = []
  source.visit({
    MemberExpression: (node) => {
      if (node.object.type !== 'Identifier' || node.property.type !== 'Identifier') return
      const member = `${node.object.name}.${node.property.name}`
      if (MEMBERS.has(member)) found.push(source.violation(node, `uses ${member}`, REMEDY))
    },
  })
  return found
}

/** `new Date(now)` is a value like others; without an argument it reads the clock, and so does `Date()`. */
function currentDatesIn(source: Source): readonly Violation[] {
  const found: Violation[] = []
  source.visit({
    NewExpression: (node) => {
      if (node.arguments.length > 0 || node.callee.type !== 'Identifier' || node.callee.name !== 'Date')
        return
      found.push(source.violation(node, 'uses new Date()', REMEDY))
    },
    CallExpression: (node) => {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'Date') return
      found.push(source.violation(node, 'uses Date()', REMEDY))
    },
  })
  return found
}

/** Where the world is touched: the reactor of Node, and what runs simulations in it. */
const ROOMS = ['packages/core/src/node/', 'packages/simulation/src/real/']
const REMEDY = 'go through the reactor: callLater, now, randomBytes'
const GLOBALS: ReadonlySet<string> = new Set([
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'performance',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
])
const MEMBERS: ReadonlySet<string> = new Set([
  'AbortSignal.timeout',
  'Date.now',
  'Math.random',
  'crypto.getRandomValues',
  'crypto.randomUUID',
  'globalThis.process',
  'globalThis.performance',
  'globalThis.setImmediate',
  'globalThis.setInterval',
  'globalThis.setTimeout',
])
