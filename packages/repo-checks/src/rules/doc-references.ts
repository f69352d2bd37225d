import type { Repository } from '../reading/repository.ts'
import { lineAt, type Violation } from '../reading/violation.ts'

/**
 * Finds references of the documents that lead nowhere: files in backquotes, and in the coverage of the
 * RFCs also tests, by their quoted words or by row of the checklist.
 */
export function docReferences(repository: Repository): readonly Violation[] {
  const documents = Array.from(repository.files).filter(([path]) => /^(?:docs\/.*|[A-Z]+)\.md$/.test(path))
  return documents.flatMap(([path, text]) => {
    const files = missing(path, text, /`([\w./-]+\/[\w.-]+\.ts)`/g, (file) => hasFile(repository, file))
    return path.endsWith('rfc-coverage.md') ? files.concat(missingTests(repository, path, text)) : files
  })
}

function missingTests(repository: Repository, path: string, text: string): readonly Violation[] {
  const tests = repository.tests.map(({ text: test }) => test).join('\n')
  const rows = new Set(Array.from(tests.matchAll(ROWS), ([, list = '']) => numbersOf(list)).flat())
  return [
    ...missing(path, text, /(?<=\|[^|\n]*)"([^"\n]+)"/g, (words) => tests.includes(words)),
    ...missing(path, text, ROWS, (list) => numbersOf(list).every((row) => rows.has(row))),
  ]
}

function missing(
  path: string,
  text: string,
  reference: RegExp,
  isThere: (name: string) => boolean,
): readonly Violation[] {
  return Array.from(text.matchAll(reference))
    .filter(([, name = '']) => !isThere(name))
    .map((match) => ({
      path,
      line: lineAt(text, match.index),
      what: `refers to ${match[1]}, which is not there`,
      remedy: 'name what there is',
    }))
}

/** A document may leave out the beginning of a path. */
function hasFile(repository: Repository, file: string): boolean {
  const [first = '', ...rest] = file.split('/')
  const inPackage = `packages/${first}/src/${rest.slice(rest[0] === 'src' ? 1 : 0).join('/')}`
  return (
    repository.files.has(inPackage) ||
    Array.from(repository.files.keys()).some((path) => path.endsWith(`/${file}`) || path === file)
  )
}

/** `1, 2, 5 to 7` as numbers. */
function numbersOf(list: string): readonly number[] {
  return Array.from(list.matchAll(/(\d+)(?: to (\d+))?/g), ([, from = '', to = from]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at),
  ).flat()
}

const ROWS = /\brows? (\d+(?:(?:, | to | and )\d+)*)/g
