import type { Expression } from 'oxc-parser'
import { lineAt, type Repository, type Source, type Stretch, type Violation } from '../repository.ts'

/** Compares docs/defaults.md with the sources: it lists every default limit and deadline, and nothing else. */
export function defaults(repository: Repository): readonly Violation[] {
  const page = repository.files.get(PAGE)
  if (page === undefined) return []
  const rows = rowsOf(page)
  const found = repository.sources.filter(isPublished).flatMap(defaultsIn)
  return [
    ...found
      .filter((one) => !rows.some((row) => matches(row, one)))
      .map(({ source, node, name, value }) =>
        source.violation(node, `${name} is ${value} by default`, `add it to ${PAGE}`),
      ),
    ...rows
      .filter((row) => !found.some((one) => matches(row, one)))
      .map(({ name, value, line }) => ({
        path: PAGE,
        line,
        what: `states that ${name} is ${value} by default, which no source does`,
        remedy: 'state what the code does',
      })),
  ]
}

interface Row {
  readonly name: string
  readonly value: number
  readonly line: number
}

interface Default {
  readonly source: Source
  readonly node: Stretch
  readonly name: string
  readonly value: number
}

function matches(row: Row, { name, value }: Default): boolean {
  return row.name === name && row.value === value
}

/** The table rows that begin with a name and a number; digits may be in groups. */
function rowsOf(page: string): readonly Row[] {
  return Array.from(page.matchAll(/^\| `(\w+)` +\| ([\d ]+)/gm), (match) => ({
    name: match[1] ?? '',
    value: Number(match[2]?.replaceAll(' ', '')),
    line: lineAt(page, match.index),
  }))
}

function isPublished({ path }: Source): boolean {
  return (
    path.startsWith('packages/') &&
    !path.startsWith('packages/repo-checks/') &&
    !path.includes('/testing/') &&
    !path.includes('/checks/')
  )
}

function defaultsIn(source: Source): readonly Default[] {
  const found: Default[] = []
  const note = (node: Stretch, name: string, value: Expression | null | undefined): void => {
    const number = value == null ? undefined : valueOf(value)
    // 0 means that there is no limit.
    if (number !== undefined && number > 0) found.push({ source, node, name, value: number })
  }
  source.visit({
    VariableDeclarator: ({ id, init }) => {
      if (id.type !== 'Identifier' || !id.name.startsWith('DEFAULT_')) return
      if (init?.type !== 'ObjectExpression') return note(id, optionNamed(id.name), init)
      if (!/_(?:OPTIONS|LIMITS)$/.test(id.name)) return
      for (const property of init.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
        note(property, property.key.name, property.value)
      }
    },
    AssignmentPattern: ({ left, right }) => {
      if (left.type === 'Identifier' && LIMIT.test(left.name)) note(left, left.name, right)
    },
    PropertyDefinition: ({ key, value }) => {
      if (key.type === 'Identifier' && LIMIT.test(key.name)) note(key, key.name, value)
    },
  })
  return found
}

/** `DEFAULT_DRAIN_MS` is the default of `drainMs`. */
function optionNamed(constant: string): string {
  const words = constant.slice('DEFAULT_'.length).toLowerCase().split('_')
  return words.map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('')
}

function valueOf(expression: Expression): number | undefined {
  if (expression.type === 'Literal')
    return typeof expression.value === 'number' ? expression.value : undefined
  if (expression.type !== 'BinaryExpression' || expression.operator !== '*') return undefined
  const [left, right] = [valueOf(expression.left), valueOf(expression.right)]
  return left === undefined || right === undefined ? undefined : left * right
}

const PAGE = 'docs/defaults.md'
const LIMIT = /^max[A-Z]|(?:Ms|Bytes)$/
