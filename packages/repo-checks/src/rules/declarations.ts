import type { Repository, Source, Stretch, Violation } from '../repository.ts'

/**
 * Finds declarations that neither tsc nor oxlint can forbid: `private` by keyword, fields asserted with `!`, interfaces
 * with the prefix I, global augmentations, and module-level variables.
 */
export function declarations(repository: Repository): readonly Violation[] {
  return repository.sources.flatMap((source) => [...unwantedIn(source), ...moduleVariablesOf(source)])
}

function unwantedIn(source: Source): readonly Violation[] {
  const found: Violation[] = []
  const report = (node: Stretch, what: string, remedy: string): void => {
    found.push(source.violation(node, what, remedy))
  }
  source.visit({
    TSModuleDeclaration: (node) => report(node, 'declares a namespace', 'use a module'),
    TSInterfaceDeclaration: (node) => {
      const { name } = node.id
      if (/^I[A-Z][a-z]/.test(name)) report(node, `${name} has the prefix I`, 'leave the I out')
    },
    MethodDefinition: (node) => {
      // A constructor cannot be #private.
      const isConstructor = node.kind === 'constructor'
      if (node.accessibility === 'private' && !isConstructor) report(node, 'is private by keyword', USE_HASH)
    },
    PropertyDefinition: (node) => {
      if (node.accessibility === 'private') report(node, 'is private by keyword', USE_HASH)
      if (node.definite) report(node, 'is asserted to be set later', 'set it in the constructor')
    },
  })
  return found
}

function moduleVariablesOf(source: Source): readonly Violation[] {
  return source.program.body
    .map((node) => (node.type === 'ExportNamedDeclaration' ? node.declaration : node))
    .filter((node) => node?.type === 'VariableDeclaration')
    .filter((node) => node.kind === 'let' || node.kind === 'var')
    .map((node) => source.violation(node, 'keeps state in the module', 'keep it in an object'))
}

const USE_HASH = 'use #private'
