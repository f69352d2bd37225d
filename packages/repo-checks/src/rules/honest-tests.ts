import { importsOf } from '../reading/imports.ts'
import { referencesOf } from '../reading/references.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds tests that are skipped, alone, replace modules or sleep, and sockets where a test needs none. */
export function honestTests(repository: Repository): readonly Violation[] {
  return repository.tests.flatMap((test) => [
    ...turnedOffIn(test),
    ...(mayUseSockets(test.path) ? [] : [...sleepsIn(test), ...socketsIn(test)]),
  ])
}

function turnedOffIn(test: Source): readonly Violation[] {
  const found: Violation[] = []
  test.visit({
    MemberExpression: (node) => {
      if (node.object.type !== 'Identifier' || node.property.type !== 'Identifier') return
      const member = `${node.object.name}.${node.property.name}`
      const remedy = TURNED_OFF.get(member)
      if (remedy !== undefined) found.push(test.violation(node, `uses ${member}`, remedy))
    },
  })
  return found
}

function sleepsIn(test: Source): readonly Violation[] {
  return referencesOf(test)
    .filter(({ name }) => name === 'setTimeout' || name === 'setInterval')
    .map((reference) =>
      test.violation(reference, `uses ${reference.name}`, 'advance a Clock, or await the event'),
    )
}

function socketsIn(test: Source): readonly Violation[] {
  return importsOf(test)
    .filter(({ specifier }) => SOCKETS.has(specifier))
    .map((found) =>
      test.violation(found, `imports ${found.specifier}`, 'use the doubles of @ropewalk/core/testing'),
    )
}

/** Examples are whole programs, and these rooms are about sockets. */
function mayUseSockets(path: string): boolean {
  return /^(?:examples|packages\/(?:core\/test\/node|http\/test\/interop|simulation\/test\/real|conformance))\//.test(
    path,
  )
}

const TURNED_OFF: ReadonlyMap<string, string> = new Map([
  ...['describe', 'it', 'test'].flatMap((name): [string, string][] => [
    [`${name}.only`, 'run the others too'],
    [`${name}.skip`, 'make it pass, or delete it'],
    [`${name}.todo`, 'write it'],
  ]),
  ['vi.mock', 'give the object its collaborator: test files share their modules'],
])
const SOCKETS: ReadonlySet<string> = new Set([
  'node:child_process',
  'node:dgram',
  'node:http',
  'node:http2',
  'node:https',
  'node:net',
  'node:tls',
])
