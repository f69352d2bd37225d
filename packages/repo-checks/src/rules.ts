import type { Repository, Violation } from './repository.ts'
import { declarations } from './rules/declarations.ts'
import { defaults } from './rules/defaults.ts'
import { docstrings, rfcTags } from './rules/docstrings.ts'
import { documentedCommands, documentReferences } from './rules/documents.ts'
import { examples } from './rules/examples.ts'
import { importDirections } from './rules/import-directions.ts'
import { names } from './rules/names.ts'
import { entries, equalVersions, manifests, publishedFields } from './rules/packages.ts'
import { texts } from './rules/texts.ts'
import { words } from './rules/words.ts'

/** A rule of this repository that no linter checks. */
export interface Rule {
  /** The rule as a sentence. */
  readonly name: string
  /** Returns every place that breaks it. */
  readonly check: (repository: Repository) => readonly Violation[]
}

/** The rules of docs/architecture.md and CONTRIBUTING.md that a program can check and that oxlint, knip and tsc do not. */
export const RULES: readonly Rule[] = [
  { name: 'imports follow the arrows of the architecture', check: importDirections },
  { name: 'entries are named re-exports and nothing else', check: entries },
  { name: 'published packages depend on each other, and on libraries that the rule names', check: manifests },
  {
    name: 'published packages fill in every field that npm shows, and have a changelog',
    check: publishedFields,
  },
  { name: 'published packages have one version, which changesets keeps', check: equalVersions },
  { name: 'names use the words of the field', check: names },
  { name: 'modules keep no state, and private means #private', check: declarations },
  { name: 'exports and their public methods have docstrings', check: docstrings },
  { name: 'every exported class and function has an example, or belongs to one that has', check: examples },
  { name: 'every file of a codec names its RFC section', check: rfcTags },
  { name: 'texts are about the project alone', check: texts },
  { name: 'texts use plain words', check: words },
  { name: 'documents refer to files and tests that exist', check: documentReferences },
  { name: 'documented commands work in a fresh clone', check: documentedCommands },
  { name: 'docs/defaults.md lists the defaults of the code', check: defaults },
]
