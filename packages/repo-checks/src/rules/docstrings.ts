import type { Class, ExportNamedDeclaration, MethodDefinition, Node, PropertyKey } from 'oxc-parser'
import { hasDocstring } from '../reading/docstring.ts'
import { entrySpecifier, placeOf } from '../reading/place.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/**
 * Finds exports without a docstring, and public methods of exported classes without one.
 *
 * A name needs one docstring: overloads, and a type beside its constant, share it, and so do constants
 * on adjacent lines, and methods without a body that follow one another. A method that overrides has its docstring above, and one
 * that an implemented interface describes has it there.
 */
export function docstrings(repository: Repository): readonly Violation[] {
  const described = new Set(repository.sources.flatMap(describedMembersOf))
  return repository.sources
    .filter(({ path }) => entrySpecifier(placeOf(path)) === undefined)
    .flatMap((source) =>
      [...exportsOf(source), ...methodsOf(source, described)]
        .filter((part) => !hasDocstring(source, part))
        .map((part) => source.violation(part, `${part.name} has no docstring`, 'say what its caller gets')),
    )
}

/** Something that needs a docstring. */
interface Part {
  readonly name: string
  readonly start: number
}

/** The docstring on the first of several exports with one name serves them all. */
function exportsOf(source: Source): readonly Part[] {
  const parts = source.program.body.flatMap((node, index, nodes): readonly Part[] => {
    if (node.type === 'ExportDefaultDeclaration') return [{ name: 'the default export', start: node.start }]
    if (node.type !== 'ExportNamedDeclaration' || continuesList(source, node, nodes[index - 1])) return []
    return [{ name: exportedName(node), start: node.start }]
  })
  return firstOfEachName(parts)
}

function continuesList(source: Source, node: Node, before: Node | undefined): boolean {
  if (before === undefined || !isExportedConstant(node) || !isExportedConstant(before)) return false
  return source.text.slice(before.end, node.start) === '\n'
}

function isExportedConstant(node: Node): boolean {
  return node.type === 'ExportNamedDeclaration' && node.declaration?.type === 'VariableDeclaration'
}

function exportedName({ declaration }: ExportNamedDeclaration): string {
  if (declaration === null) return 'an export list'
  const named = declaration.type === 'VariableDeclaration' ? declaration.declarations[0]?.id : declaration.id
  return named?.type === 'Identifier' ? named.name : 'an export'
}

function methodsOf(source: Source, described: ReadonlySet<string>): readonly Part[] {
  return source.program.body.flatMap((node) => {
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : null
    return declaration?.type === 'ClassDeclaration' ? publicMethodsOf(declaration, described) : []
  })
}

function publicMethodsOf(owner: Class, described: ReadonlySet<string>): readonly Part[] {
  const implementing = (owner.implements ?? []).length > 0
  const methods = owner.body.body.flatMap((member, index, members): readonly Part[] => {
    const follows = isBodiless(member) && isBodiless(members[index - 1])
    if (!isMethod(member) || member.override || follows) return []
    const name = publicName(member)
    return name === undefined ? [] : [{ name, start: member.start }]
  })
  return firstOfEachName(methods).filter(({ name }) => !(implementing && described.has(name)))
}

type Member = Class['body']['body'][number]

function isMethod(member: Member | undefined): member is MethodDefinition {
  const type = member?.type
  return (type === 'MethodDefinition' || type === 'TSAbstractMethodDefinition') && member?.kind === 'method'
}

function isBodiless(member: Member | undefined): boolean {
  return isMethod(member) && member.value.body === null
}

/** Names of interface members that have a docstring. */
function describedMembersOf(source: Source): readonly string[] {
  const names: string[] = []
  const note = (node: NamedMember & { readonly start: number }): void => {
    const name = publicName(node)
    if (name !== undefined && hasDocstring(source, node)) names.push(name)
  }
  source.visit({ TSMethodSignature: note, TSPropertySignature: note })
  return names
}

interface NamedMember {
  readonly key: PropertyKey
  readonly computed: boolean
}

/** The member's name; undefined when it is computed or `#private`. */
function publicName({ key, computed }: NamedMember): string | undefined {
  return key.type === 'Identifier' && !computed ? key.name : undefined
}

function firstOfEachName(parts: readonly Part[]): readonly Part[] {
  return parts.filter(({ name }, index) => parts.findIndex((part) => part.name === name) === index)
}
