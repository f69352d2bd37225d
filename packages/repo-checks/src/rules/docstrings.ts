import type { Class, ExportNamedDeclaration, PropertyKey } from 'oxc-parser'
import { entrySpecifier, type Repository, type Source, type Stretch, type Violation } from '../repository.ts'

/**
 * Finds exports without a docstring, and public methods of exported classes without one.
 *
 * A name needs one docstring. Overloads share it, and so do a type and the constant of its name, constants on
 * adjacent lines, and consecutive methods without a body. A method that overrides inherits the docstring, and a
 * method that an implemented interface describes has it there.
 */
export function docstrings(repository: Repository): readonly Violation[] {
  const described = new Set(repository.sources.flatMap(describedMembersOf))
  return repository.sources
    .filter(({ path }) => entrySpecifier(path) === undefined)
    .flatMap((source) =>
      [...exportsOf(source), ...methodsOf(source, described)]
        .filter((part) => !hasDocstring(source, part))
        .map((part) =>
          source.violation(part, `${part.name} has no docstring`, 'write one from the side of the caller'),
        ),
    )
}

/** Something that needs a docstring. */
interface Part {
  readonly name: string
  readonly start: number
}

function exportsOf(source: Source): readonly Part[] {
  const parts = source.program.body.flatMap((node): readonly Part[] => {
    if (node.type === 'ExportDefaultDeclaration') return [{ name: 'the default export', start: node.start }]
    return node.type === 'ExportNamedDeclaration' ? [{ name: exportedName(node), start: node.start }] : []
  })
  return firstOfEachName(parts)
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
  const methods = owner.body.body.flatMap((member): readonly Part[] => {
    if (member.type !== 'MethodDefinition' && member.type !== 'TSAbstractMethodDefinition') return []
    const name = publicName(member)
    if (member.kind !== 'method' || member.override || name === undefined) return []
    return implementing && described.has(name) ? [] : [{ name, start: member.start }]
  })
  return firstOfEachName(methods)
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

/** Whether a docstring is before the node. Between them may be line comments, and lines that share the docstring. */
function hasDocstring(source: Source, node: Pick<Stretch, 'start'>): boolean {
  const docstring = source.comments.findLast(
    ({ type, value, end }) => type === 'Block' && value.startsWith('*') && end <= node.start,
  )
  if (docstring === undefined) return false
  const between = source.text.slice(docstring.end, node.start).replaceAll(/\/\/.*$/gm, '')
  return (
    between.trim() === '' ||
    between
      .split('\n')
      .slice(1, -1)
      .every((line) => SHARING.test(line))
  )
}

/** Finds files of a codec folder that name no section of an RFC. */
export function rfcTags(repository: Repository): readonly Violation[] {
  return repository.sources
    .filter(({ path }) => CODEC.test(path))
    .filter(({ comments }) => !comments.some(({ value }) => /RFC \d+ §\d/.test(value)))
    .map((source) => {
      return source.violation(
        { start: 0 },
        'names no RFC section',
        'name the section that it implements: RFC 9112 §7.1',
      )
    })
}

/** A constant, or a method without a body, on one line. */
const SHARING = /^(?:export const .*|  [\w ]+\??\(.*\): [^{]*)$/
/** The folder whose files turn bytes into events and back. */
const CODEC = /^packages\/[^/]+\/src\/codec\//
