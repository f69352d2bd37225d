import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { HOUSE_RULES } from '../src/house-rules.ts'
import { Repository } from '../src/reading/repository.ts'
import { formatViolations } from '../src/reading/violation.ts'

const repository = Repository.read(fileURLToPath(new URL('../../..', import.meta.url)))

describe('HOUSE_RULES', () => {
  test('hold every check that is written', () => {
    const written = repository.sources
      .filter(({ path }) => path.startsWith(RULES))
      .map(({ path }) => path.slice(RULES.length))
      .filter((name) => !NO_CHECKS.has(name))
    expect(HOUSE_RULES.map(({ check }) => `${kebabCase(check.name)}.ts`).toSorted()).toEqual(
      written.toSorted(),
    )
  })
})

describe('this repository', () => {
  test.each(HOUSE_RULES.map(({ name, check }) => [name, check] as const))('%s', (_name, check) => {
    expect(formatViolations(check(repository))).toBe('')
  })
})

function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

const RULES = 'packages/repo-checks/src/rules/'
const NO_CHECKS: ReadonlySet<string> = new Set(['length-allowances.ts', 'rooms.ts'])
