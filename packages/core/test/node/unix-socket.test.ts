import { once } from 'node:events'
import { existsSync, mkdtempSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { createReactor } from '../../src/index.ts'
import {
  assertUnixPath,
  creatingPrivately,
  isNamedPipe,
  removeStaleSocket,
} from '../../src/node/unix-socket.ts'
import { OneProtocol } from '../one-protocol.ts'
import { leaveStaleSocket } from './leave-stale-socket.ts'
import { socketPath } from './socket-harness.ts'

describe('removeStaleSocket', () => {
  test('removes a socket file on which no program listens', async () => {
    const path = await leaveStaleSocket()
    expect(existsSync(path)).toBe(true)
    await removeStaleSocket(path)
    expect(existsSync(path)).toBe(false)
  })

  test('leaves a socket on which a program listens, and does not disturb it', async () => {
    const path = socketPath()
    const server = createServer((socket) => socket.on('error', () => undefined).end('alive'))
    server.listen(path)
    await once(server, 'listening')
    await removeStaleSocket(path)
    const client = connect(path)
    const [answer] = await once(client, 'data')
    expect(String(answer)).toBe('alive')
    client.destroy()
    server.close()
  })

  test('leaves other files and links to a stale socket, and ignores a missing path', async () => {
    const [file, link, stale] = [socketPath(), socketPath(), await leaveStaleSocket()]
    writeFileSync(file, 'precious')
    symlinkSync(stale, link)
    for (const path of [file, link, socketPath(), import.meta.dirname, `${file}/below`])
      await removeStaleSocket(path)
    expect([file, link, stale, import.meta.dirname].map(existsSync)).toEqual([true, true, true, true])
  })

  test('leaves a new socket that replaced the old one during the probe', async () => {
    const path = await leaveStaleSocket()
    const removed = removeStaleSocket(path)
    renameSync(await leaveStaleSocket(), path)
    await removed
    expect(existsSync(path)).toBe(true)
  })
})

describe('isNamedPipe', () => {
  test('recognizes Windows pipes, and only on Windows', () => {
    const onWindows = String.raw`\\.\pipe\ropewalk \\?\pipe\a\b //./pipe/c \\.\PIPE\d`.split(' ')
    const others = ['/tmp/pipe', String.raw`C:\pipe\a`, String.raw`\\server\share`, 'pipe']
    expect(onWindows.map((path) => isNamedPipe(path, 'win32'))).toEqual([true, true, true, true])
    expect(others.map((path) => isNamedPipe(path, 'win32'))).toEqual([false, false, false, false])
    expect(onWindows.some((path) => isNamedPipe(path, 'linux'))).toBe(false)
  })
})

describe('creatingPrivately', () => {
  test('creates files for this user only, and restores the umask', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'))
    const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777
    const create = (name: string) => () => writeFileSync(join(folder, name), '', { mode: 0o666 })
    create('before')()
    creatingPrivately(create('private'))
    create('after')()
    expect(modeOf('private')).toBe(0o600)
    expect(modeOf('after')).toBe(modeOf('before'))
  })

  test('restores the umask when the function throws', () => {
    const before = process.umask(0o022)
    const fail = (): never => {
      throw new Error('no file today')
    }
    expect(() => creatingPrivately(fail)).toThrow('no file today')
    expect(process.umask(before)).toBe(0o022)
  })
})

describe('a path of a UNIX socket', () => {
  test('is refused when it has more bytes than the system takes', () => {
    expect(() => assertUnixPath('x'.repeat(107), 'linux')).not.toThrow()
    expect(() => assertUnixPath('x'.repeat(108), 'linux')).toThrow('at most 107 bytes, but this one has 108')
    expect(() => assertUnixPath('ß'.repeat(54), 'linux')).toThrow('this one has 108')
    expect(() => assertUnixPath('x'.repeat(104), 'darwin')).toThrow('at most 103 bytes')
    expect(() => assertUnixPath('x'.repeat(500), 'win32')).not.toThrow()
  })

  test('that is too long is refused by listen and connect', async () => {
    const reactor = createReactor()
    const path = `/tmp/${'y'.repeat(200)}`
    await expect(reactor.listenUNIX(path, new OneProtocol(new Recorder()))).rejects.toMatchObject({
      name: 'CannotListenError',
      code: 'ENAMETOOLONG',
    })
    expect(() => reactor.connectUNIX(path, new OneProtocol(new Recorder()))).toThrow('at most')
  })
})
