import { describe, expect, test } from 'vitest'
import { isServable } from '../../src/static/file-names.ts'

describe('isServable', () => {
  test.each([
    [['a.txt']],
    [['a', 'b c', 'd.e']],
    [['a', '']],
    [['']],
    [['ü', '😀', 'a:b', '%2e', '~', 'CON']],
  ])('accepts %j', (segments) => {
    expect(isServable(segments, [])).toBe(true)
  })

  test.each([
    [['..']],
    [['.']],
    [['a', '..', 'b']],
    [['..', '']],
    [['.git', 'config']],
    [['..a']],
    [['', 'a']],
    [['a', '', 'b']],
    [['a/b']],
    [['../a']],
    [['a\\b']],
    [['..\\a']],
    [['a\0.txt']],
    [['\ud800']],
  ])('refuses %j', (segments) => {
    expect(isServable(segments, [])).toBe(false)
  })

  test('accepts the dotfiles that are named, and no others', () => {
    expect(isServable(['.well-known', 'x'], ['.well-known'])).toBe(true)
    expect(isServable(['.well-known', '.x'], ['.well-known'])).toBe(false)
    expect(isServable(['.WELL-KNOWN'], ['.well-known'])).toBe(false)
  })
})
