import { lineAt, type Repository, type Violation } from '../repository.ts'

/** Finds texts about how and where they were written: their subject is the project. */
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

const OUT_OF_PLACE: readonly OutOfPlace[] = [
  {
    where: /^/,
    pattern: /\bAIs?\b|\bLLMs?\b|\b[Cc]o-?[Aa]uthored-?[Bb]y\b|\b[Gg]enerated (?:by|with) /g,
    what: 'names its author',
    remedy: 'write about the project alone',
  },
  {
    where: /^/,
    pattern:
      /\b(?:(?:agent|coding|working) sessions?|(?:in|during) (?:an earlier|the last|this) session)\b/gi,
    what: 'describes the work on it',
    remedy: 'write about the project alone',
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
