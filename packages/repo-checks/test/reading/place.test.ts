import { describe, expect, test } from 'vitest'
import { entrySpecifier, isPrivateTool, placeOf } from '../../src/reading/place.ts'

describe('placeOf', () => {
  test('reads package, folders and name', () => {
    expect(placeOf('packages/http/src/codec/body/chunked-reader.ts')).toEqual({
      package: 'http',
      folders: ['codec', 'body'],
      name: 'chunked-reader',
    })
  })

  test.each(['examples/echo.ts', 'packages/core/test/a.test.ts', 'packages/core/src'])(
    'refuses %s',
    (path) => {
      expect(() => placeOf(path)).toThrow(`Cannot place ${path}`)
    },
  )
})

describe('entrySpecifier', () => {
  test.each([
    ['packages/core/src/index.ts', '@ropewalk/core'],
    ['packages/core/src/bytes.ts', '@ropewalk/core/bytes'],
    ['packages/core/src/errors.ts', undefined],
    ['packages/core/src/bytes/index.ts', undefined],
  ])('of %s is %s', (path, specifier) => {
    expect(entrySpecifier(placeOf(path))).toBe(specifier)
  })
})

describe('isPrivateTool', () => {
  test('tells what nobody installs from what is published', () => {
    const packages = ['core', 'repo-checks', 'conformance']
    expect(packages.filter((name) => isPrivateTool(placeOf(`packages/${name}/src/a.ts`)))).toEqual([
      'repo-checks',
      'conformance',
    ])
  })
})
