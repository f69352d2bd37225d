import { describe, expect, test } from 'vitest'
import { names } from '../../src/rules/names.ts'
import { violationsOf } from '../violations-of.ts'

describe('names', () => {
  test.each([
    'packages/core/src/node/socket-manager.ts',
    'packages/core/src/utils/a.ts',
    'packages/core/test/test-helpers.ts',
    'examples/common.ts',
  ])('finds the file %s', (path) => {
    expect(violationsOf(names, { [path]: '' })).toHaveLength(1)
  })

  test.each([
    ['class ConnectionManager {}', 'ConnectionManager is named with “manager”'],
    ['class BaseSocket {}', 'BaseSocket is named with “base”'],
    ['interface SocketInfo {}', 'SocketInfo is named with “info”'],
    ['type Util = string', 'Util is named with “util”'],
    ['function requestHandler() {}', 'requestHandler is named with “handler”'],
    ['const processorOf = () => 1', 'processorOf is named with “processor”'],
    ['class A { #parseImpl() {} }', '#parseImpl is named with “impl”'],
  ])('finds %s', (text, what) => {
    const path = 'packages/core/src/a.ts'
    expect(violationsOf(names, { [path]: text })).toEqual([`${path}:1 ${what}`])
  })

  test('accepts the method that loggers have', () => {
    const text = 'class Logger { info() {} }'
    expect(violationsOf(names, { 'packages/core/src/logger.ts': text })).toEqual([])
    expect(violationsOf(names, { 'packages/core/src/info.ts': text })).toHaveLength(1)
  })

  test('accepts words that only begin or end alike', () => {
    const text =
      'class Handle {}\nfunction encodeBase64() {}\nfunction informAll() {}\nfunction commonality() {}'
    expect(violationsOf(names, { 'packages/core/src/information-theory.ts': text })).toEqual([])
  })
})
