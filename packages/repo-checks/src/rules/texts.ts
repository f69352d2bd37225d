import type { Repository } from '../reading/repository.ts'
import { lineAt, type Violation } from '../reading/violation.ts'

/** Finds texts that speak of how and where they were written instead of the project. */
export function texts(repository: Repository): readonly Violation[] {
  return Array.from(repository.files).flatMap(([path, text]) =>
    OUT_OF_PLACE.filter(({ where }) => where.test(path)).flatMap(({ pattern, what, remedy }) =>
      Array.from(text.matchAll(pattern), (match) => ({
        path,
        line: lineAt(text, match.index),
        what,
        remedy,
      })),
    ),
  )
}

interface OutOfPlace {
  readonly where: RegExp
  readonly pattern: RegExp
  readonly what: string
  readonly remedy: string
}

const SPEAK_OF_THE_PROJECT = 'speak of the project alone'
const OUT_OF_PLACE: readonly OutOfPlace[] = [
  {
    where: /^/,
    pattern: /\bAIs?\b|\bLLMs?\b|\b[Cc]o-?[Aa]uthored-?[Bb]y\b|\b[Gg]enerated (?:by|with) /g,
    what: 'names who wrote it',
    remedy: SPEAK_OF_THE_PROJECT,
  },
  {
    where: /^/,
    pattern:
      /\b(?:agent|coding|working) sessions?\b|\b(?:in|during) (?:an earlier|the last|this) session\b/gi,
    what: 'speaks of the work on it',
    remedy: SPEAK_OF_THE_PROJECT,
  },
  {
    where: /^/,
    pattern: /\/\/registry\.|\bregistry\s*=\s*https?:/gi,
    what: 'names a registry',
    remedy: 'leave the registry to the reader',
  },
  {
    where: /^/,
    pattern: /(?<![\w.)-])\/(?:home\/\w+|root|work)\//g,
    what: 'names a path of one machine',
    remedy: 'start from the root of the repository',
  },
  {
    where: /^docs\/|\/src\/|README\.md$/,
    pattern: /(?<![\w.)-])\/tmp\//g,
    what: 'names a path of one machine',
    remedy: 'take the path from the caller, or from the operating system',
  },
]
