import type { Comment, VisitorObject } from 'oxc-parser'
import type { Repository } from '../reading/repository.ts'
import type { Source, Stretch } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds what TypeScript offers and this house does not use: `any`, `!`, enums, silenced errors and their like. */
export function plainTypes(repository: Repository): readonly Violation[] {
  return repository.sources.flatMap((source) => [
    ...unwantedSyntaxIn(source),
    ...topLevelVariablesOf(source),
    ...source.comments.filter(silencesErrors).map((comment) => {
      return source.violation(comment, 'silences the compiler', 'make the types say what is true')
    }),
  ])
}

function unwantedSyntaxIn(source: Source): readonly Violation[] {
  const found: Violation[] = []
  const report = (node: Stretch, what: string, remedy: string): void => {
    found.push(source.violation(node, what, remedy))
  }
  source.visit({
    ...unwantedDeclarations(report),
    ...unwantedMembers(report),
    ...(source.path.startsWith('packages/core/src/bytes/') ? {} : unwantedAssertions(report)),
    TSAnyKeyword: (node) => {
      if (!MIXINS.has(source.path)) report(node, 'uses any', 'use the type it has, or unknown')
    },
  })
  return found
}

type Report = (node: Stretch, what: string, remedy: string) => void

function unwantedDeclarations(report: Report): VisitorObject {
  return {
    TSEnumDeclaration: (node) =>
      report(node, 'declares an enum', 'use a union of strings, or an object as const'),
    TSModuleDeclaration: (node) => report(node, 'declares a namespace', 'use a file'),
    TSInterfaceDeclaration: (node) => {
      const { name } = node.id
      if (/^I[A-Z][a-z]/.test(name)) report(node, `${name} has the prefix I`, 'leave the I out')
    },
  }
}

function unwantedMembers(report: Report): VisitorObject {
  return {
    TSParameterProperty: (node) =>
      report(node, 'declares a parameter property', 'declare the field, then assign it'),
    MethodDefinition: (node) => {
      // A constructor cannot be #private.
      const isConstructor = node.kind === 'constructor'
      if (node.accessibility === 'private' && !isConstructor) report(node, 'is private by keyword', USE_HASH)
    },
    PropertyDefinition: (node) => {
      if (node.accessibility === 'private') report(node, 'is private by keyword', USE_HASH)
      if (node.definite) report(node, 'is asserted to be set later', 'build the object whole')
    },
  }
}

function unwantedAssertions(report: Report): VisitorObject {
  const remedy = 'hold the value where the compiler sees that it is there'
  return {
    TSNonNullExpression: (node) => report(node, 'asserts with !', remedy),
  }
}

function topLevelVariablesOf(source: Source): readonly Violation[] {
  return source.program.body
    .map((node) => (node.type === 'ExportNamedDeclaration' ? node.declaration : node))
    .filter((node) => node?.type === 'VariableDeclaration')
    .filter((node) => node.kind === 'let' || node.kind === 'var')
    .map((node) =>
      source.violation(node, 'keeps state in the module', 'keep it in an object that somebody owns'),
    )
}

function silencesErrors({ value }: Comment): boolean {
  return /^\s*\*?\s*@ts-(?:ignore|expect-error|nocheck)/.test(value)
}

/** TypeScript takes a class for a mixin only when its arguments are `any[]` (TS2545). */
const MIXINS: ReadonlySet<string> = new Set(['packages/core/src/policy/with-timeout.ts'])

const USE_HASH = 'use #private'
