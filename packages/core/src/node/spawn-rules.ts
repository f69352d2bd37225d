import type { ProcessEvents, SpawnOptions } from '../interfaces/process.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL, instance } from '../options/object-rules.ts'
import {
  count,
  listOf,
  type OptionRule,
  type OptionRules,
  optionsOf,
  path,
  text,
} from '../options/option-rules.ts'
import { TRANSPORT_RULES } from '../transport/transport-options.ts'

/**
 * Checks everything that `spawnProcess` is given, before anything is started.
 *
 * @throws {TypeError | RangeError} for the first that is not what it must be.
 */
export function checkSpawn(
  protocol: ProcessEvents,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): void {
  checkValue('spawnProcess', 'protocol', protocol, PROCESS_PROTOCOL)
  checkValue('spawnProcess', 'command', command, path)
  checkValue('spawnProcess', 'args', args, listOf(argument))
  checkOptions('spawnProcess', options, SPAWN_RULES)
}

const PROCESS_PROTOCOL = instance(
  'a ProcessProtocol',
  'makeConnection',
  'childDataReceived',
  'childConnectionLost',
  'processExited',
  'processEnded',
)

/** A string, the empty one too. The system would cut it at a NUL. */
const argument: OptionRule = (value) => {
  if (typeof value !== 'string') return { kind: 'type', wanted: 'a string' }
  return value.includes('\0') ? { kind: 'range', wanted: 'a string without NUL' } : undefined
}

const variables: OptionRule = (value) => {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? undefined : { kind: 'type', wanted: 'an object: values by name' }
}

const childFD: OptionRule = (value) =>
  value === 'w' || value === 'r' || count()(value) === undefined
    ? undefined
    : { kind: 'type', wanted: "'w', 'r' or the number of a descriptor" }

/** A list of pipes is made up to the highest descriptor: one that no system has would take all memory. */
const childFDs: OptionRule = (value) => {
  const problem = variables(value)
  if (problem !== undefined) return { ...problem, wanted: DESCRIPTORS }
  for (const [name, use] of Object.entries(value as object)) {
    if (!/^\d{1,4}$/.test(name)) return { kind: 'range', wanted: DESCRIPTORS, at: `.${name}`, found: use }
    const wrong = childFD(use)
    if (wrong !== undefined) return { ...wrong, at: `.${name}`, found: use }
  }
  return undefined
}

const DESCRIPTORS = "an object by descriptor, 0 to 9999, such as { 0: 'w', 1: 'r' }"

/** What `spawnProcess` accepts. */
export const SPAWN_RULES: OptionRules<SpawnOptions> = {
  env: variables,
  cwd: text,
  uid: count(),
  gid: count(),
  childFDs,
  signal: ABORT_SIGNAL,
  transport: optionsOf(TRANSPORT_RULES),
}
