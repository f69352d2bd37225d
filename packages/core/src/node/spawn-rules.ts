import type { SpawnOptions } from '../contracts/process.ts'
import { anything, count, having, type OptionRules, optionsOf, text } from '../options/option-rules.ts'
import { TRANSPORT_RULES } from '../transport/transport-options.ts'

/** What `spawnProcess` accepts. */
export const SPAWN_RULES: OptionRules<SpawnOptions> = {
  env: having('variables by name'),
  cwd: text,
  uid: count(),
  gid: count(),
  // What opens them checks them, one by one.
  childFDs: anything,
  signal: having('an AbortSignal', 'addEventListener'),
  transport: optionsOf(TRANSPORT_RULES),
}
