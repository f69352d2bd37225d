import type { Repository } from './reading/repository.ts'
import type { Violation } from './reading/violation.ts'
import { ambientEffects } from './rules/ambient-effects.ts'
import { bannedWords } from './rules/banned-words.ts'
import { crossedOutCode } from './rules/crossed-out-code.ts'
import { defaults } from './rules/defaults.ts'
import { docReferences } from './rules/doc-references.ts'
import { documentedCommands } from './rules/documented-commands.ts'
import { docstrings } from './rules/docstrings.ts'
import { entries } from './rules/entries.ts'
import { honestTests } from './rules/honest-tests.ts'
import { importCycles } from './rules/import-cycles.ts'
import { importDirections } from './rules/import-directions.ts'
import { lengths } from './rules/lengths.ts'
import { manifests } from './rules/manifests.ts'
import { nodeModules } from './rules/node-modules.ts'
import { plainTypes } from './rules/plain-types.ts'
import { rfcTags } from './rules/rfc-tags.ts'
import { syntax } from './rules/syntax.ts'
import { texts } from './rules/texts.ts'
import { twins } from './rules/twins.ts'

/** One thing that a program can hold the repository to. */
export interface HouseRule {
  /** The rule as a sentence. */
  readonly name: string
  /** Every place that does not keep it. */
  readonly check: (repository: Repository) => readonly Violation[]
}

/** The rules of docs/architecture.md and of the house's style, those that need no judgement. */
export const HOUSE_RULES: readonly HouseRule[] = [
  { name: 'every file can be read', check: syntax },
  { name: 'imports follow the arrows of the architecture', check: importDirections },
  { name: 'no files import each other in a circle', check: importCycles },
  { name: 'node: modules stay in the rooms named for them', check: nodeModules },
  { name: 'time, timers, randomness and the process go through the reactor', check: ambientEffects },
  { name: 'entries hold named re-exports and nothing else', check: entries },
  { name: 'every source has a test of its own', check: twins },
  { name: 'files and functions are short', check: lengths },
  { name: 'names say what a thing is', check: bannedWords },
  { name: 'exports and their public methods have docstrings', check: docstrings },
  { name: 'types are plain', check: plainTypes },
  { name: 'every file in a codec/ room names its RFC section', check: rfcTags },
  { name: 'published packages depend on each other alone', check: manifests },
  { name: 'texts speak of the project alone', check: texts },
  { name: 'documents refer to what is there', check: docReferences },
  { name: 'documented commands work in a fresh clone', check: documentedCommands },
  { name: 'docs/defaults.md says what the code does', check: defaults },
  { name: 'no comment is code put out of use', check: crossedOutCode },
  { name: 'no test is turned off, sleeps, or opens a socket it does not test', check: honestTests },
]
