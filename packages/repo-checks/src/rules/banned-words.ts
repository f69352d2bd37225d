import { functionsOf } from '../reading/functions.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds files, folders, classes, types and functions whose name says nothing: `manager`, `utils`, `baseThing`. */
export function bannedWords(repository: Repository): readonly Violation[] {
  return [...repository.programs.flatMap(inPath), ...repository.sources.flatMap(inDeclarations)]
}

function inPath(source: Source): readonly Violation[] {
  const word = bannedWordIn(source.path)
  return word === undefined ? [] : [violation(source, { start: 0 }, 'the file', word)]
}

function inDeclarations(source: Source): readonly Violation[] {
  const found: Violation[] = []
  const check = (name: string | undefined, at: { readonly start: number }): void => {
    const word = bannedWordIn(name ?? '')
    if (name !== undefined && word !== undefined) found.push(violation(source, at, name, word))
  }
  source.visit({
    ClassDeclaration: (node) => check(node.id?.name, node),
    ClassExpression: (node) => check(node.id?.name, node),
    TSInterfaceDeclaration: (node) => check(node.id.name, node),
    TSTypeAliasDeclaration: (node) => check(node.id.name, node),
  })
  for (const named of functionsOf(source)) if (named.name !== LOG_METHOD) check(named.name, named)
  return found
}

function violation(source: Source, at: { readonly start: number }, named: string, word: string): Violation {
  return source.violation(at, `${named} is named with “${word}”`, 'say what it is in the words of the field')
}

/** The first banned word among the words of a kebab-case path or a camel-case name. */
function bannedWordIn(name: string): string | undefined {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+/g) ?? []
  return words.map((word) => word.toLowerCase()).find((word) => BANNED.test(word))
}

/** Every logger has a method of this name. */
const LOG_METHOD = 'info'
const BANNED = /^(?:manager|handler|helper|processor|engine|util|common|base|impl|info)s?$/
