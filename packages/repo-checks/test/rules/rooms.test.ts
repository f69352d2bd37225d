import { describe, expect, test } from 'vitest'
import { mayImport, roomOf } from '../../src/rules/rooms.ts'

describe('roomOf', () => {
  test.each([
    ['packages/core/src/bytes/byte-queue.ts', 'core/bytes'],
    ['packages/core/src/bytes.ts', '@ropewalk/core/bytes'],
    ['packages/core/src/errors.ts', 'core/errors'],
    ['packages/core/src/interfaces/transport.ts', 'core/interfaces'],
    ['packages/core/src/addresses.ts', 'core/addresses'],
    ['packages/http/src/site/file/range.ts', 'http/site'],
    ['packages/websocket/src/websocket-channel.ts', 'websocket'],
    ['packages/core/src/stray.ts', undefined],
    ['packages/core/src/stray/a.ts', undefined],
    ['packages/websocket/src/stray/a.ts', undefined],
    ['packages/stray/src/index.ts', undefined],
  ])('of %s is %s', (path, room) => {
    expect(roomOf(path)).toBe(room)
  })
})

describe('mayImport', () => {
  test.each([
    ['core/endpoint', 'core/interfaces'],
    ['core/node', 'core/transport'],
    ['core/testing', 'core/bytes'],
    ['http/codec', '@ropewalk/core/bytes'],
    ['http/interop', 'http/message'],
    ['websocket/handshake', '@ropewalk/core'],
    ['core/node', 'core/node'],
  ])('lets %s import %s', (from, to) => {
    expect(mayImport(from, to)).toBe(true)
  })

  test.each([
    ['core/interfaces', 'core/protocol'],
    ['core/node', 'core/testing'],
    ['core/testing', 'core/node'],
    ['core/transport', 'core/protocol'],
    ['core/node', '@ropewalk/core'],
    ['http/codec', '@ropewalk/core'],
    ['http/server', 'http/site'],
    ['http/site', 'http/client'],
    ['http/server', '@ropewalk/websocket'],
    ['http/server', '@ropewalk/core/testing'],
    ['http/server', 'lodash'],
    ['websocket/codec', 'websocket/handshake'],
  ])('does not let %s import %s', (from, to) => {
    expect(mayImport(from, to)).toBe(false)
  })
})
