import type { Node } from 'oxc-parser'
import type { Repository, Source, Stretch, Violation } from '../repository.ts'

/** Finds files, folders, classes, types and functions with a name that means nothing: `manager`, `utils`, `baseThing`. */
export function names(repository: Repository): readonly Violation[] {
  return [...repository.programs.flatMap(inPath), ...repository.sources.flatMap(inDeclarations)]
}

function inPath(source: Source): readonly Violation[] {
  const word = bannedWordIn(source.path)
  return word === undefined ? [] : [violation(source, { start: 0 }, 'the file', word)]
}

function inDeclarations(source: Source): readonly Violation[] {
  return namesIn(source).flatMap(({ name, start }) => {
    const word = bannedWordIn(name)
    return word === undefined || name === LOG_METHOD ? [] : [violation(source, { start }, name, word)]
  })
}

function violation(source: Source, at: { readonly start: number }, named: string, word: string): Violation {
  return source.violation(at, `${named} is named with “${word}”`, "name it with the field's own words")
}

/** The first banned word among the words of a kebab-case path or a camel-case name. */
function bannedWordIn(name: string): string | undefined {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+/g) ?? []
  return words.map((word) => word.toLowerCase()).find((word) => BANNED.test(word))
}

interface Named {
  readonly name: string
  readonly start: number
}

/** The names of classes, types, and functions: declarations, methods, and functions in a variable, field or property. */
function namesIn(source: Source): readonly Named[] {
  const found: Named[] = []
  const add = (name: Node | null, { start }: Stretch): void => {
    if (name?.type === 'Identifier') found.push({ name: name.name, start })
    else if (name?.type === 'PrivateIdentifier') found.push({ name: `#${name.name}`, start })
  }
  source.visit({
    ClassDeclaration: (node) => add(node.id, node),
    ClassExpression: (node) => add(node.id, node),
    TSInterfaceDeclaration: (node) => add(node.id, node),
    TSTypeAliasDeclaration: (node) => add(node.id, node),
    FunctionDeclaration: (node) => add(node.id, node),
    MethodDefinition: (node) => add(node.key, node),
    VariableDeclarator: (node) => {
      if (isFunction(node.init)) add(node.id, node)
    },
    PropertyDefinition: (node) => {
      if (isFunction(node.value)) add(node.key, node)
    },
    Property: (node) => {
      if (isFunction(node.value)) add(node.key, node)
    },
  })
  return found
}

function isFunction(node: Node | null): boolean {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression'
}

/** Every logger has a method of this name. */
const LOG_METHOD = 'info'
const BANNED = /^(?:manager|handler|helper|processor|engine|util|common|base|impl|info)s?$/
