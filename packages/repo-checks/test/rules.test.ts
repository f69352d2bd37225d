import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { formatViolations, Repository } from '../src/repository.ts'
import { RULES } from '../src/rules.ts'

const repository = Repository.read(fileURLToPath(new URL('../../..', import.meta.url)))

describe('this repository', () => {
  test.each(RULES.map(({ name, check }) => [name, check] as const))('%s', (_name, check) => {
    expect(formatViolations(check(repository))).toBe('')
  })
})
