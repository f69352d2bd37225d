import { once } from 'node:events'
import { existsSync, mkdtempSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { createReactor } from '../../src/node/node-reactor.ts'
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
  test('removes a socket file that nobody listens on (statement 66)', async () => {
    const path = await leaveStaleSocket()
    expect(existsSync(path)).toBe(true)
    await removeStaleSocket(path)
    expect(existsSync(path)).toBe(false)
  })

  test('leaves a socket that answers, and answers on', async () => {
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

  test('leaves whatever is no socket, a link to a stale one too, and minds nothing that is not there', async () => {
    const [file, link, stale] = [socketPath(), socketPath(), await leaveStaleSocket()]
    writeFileSync(file, 'precious')
    symlinkSync(stale, link)
    for (const path of [file, link, socketPath(), import.meta.dirname, `${file}/below`])
      await removeStaleSocket(path)
    expect([file, link, stale, import.meta.dirname].map(existsSync)).toEqual([true, true, true, true])
  })

  test('leaves a new socket that took the place of the old one while that was probed', async () => {
    const path = await leaveStaleSocket()
    const removed = removeStaleSocket(path)
    renameSync(await leaveStaleSocket(), path)
    await removed
    expect(existsSync(path)).toBe(true)
  })
})

describe('isNamedPipe', () => {
  test('knows the pipes of Windows, and only there', () => {
    const onWindows = String.raw`\\.\pipe\ropewalk \\?\pipe\a\b //./pipe/c \\.\PIPE\d`.split(' ')
    const others = ['/tmp/pipe', String.raw`C:\pipe\a`, String.raw`\\server\share`, 'pipe']
    expect(onWindows.map((path) => isNamedPipe(path, 'win32'))).toEqual([true, true, true, true])
    expect(others.map((path) => isNamedPipe(path, 'win32'))).toEqual([false, false, false, false])
    expect(onWindows.some((path) => isNamedPipe(path, 'linux'))).toBe(false)
  })
})

describe('creatingPrivately', () => {
  test('lets nobody else at what comes to be under it, and puts the umask back', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'))
    const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777
    const create = (name: string) => () => writeFileSync(join(folder, name), '', { mode: 0o666 })
    create('before')()
    creatingPrivately(create('private'))
    create('after')()
    expect(modeOf('private')).toBe(0o600)
    expect(modeOf('after')).toBe(modeOf('before'))
  })

  test('puts the umask back when that fails', () => {
    const before = process.umask(0o022)
    const fail = (): never => {
      throw new Error('no file today')
    }
    expect(() => creatingPrivately(fail)).toThrow('no file today')
    expect(process.umask(before)).toBe(0o022)
  })
})

describe('a path of a UNIX socket', () => {
  test('is refused where the system would cut it, by bytes', () => {
    expect(() => assertUnixPath('x'.repeat(107), 'linux')).not.toThrow()
    expect(() => assertUnixPath('x'.repeat(108), 'linux')).toThrow('at most 107 bytes, and this one 108')
    expect(() => assertUnixPath('ß'.repeat(54), 'linux')).toThrow('this one 108')
    expect(() => assertUnixPath('x'.repeat(104), 'darwin')).toThrow('at most 103 bytes')
    expect(() => assertUnixPath('x'.repeat(500), 'win32')).not.toThrow()
  })

  test('that is too long is neither listened on nor connected to', async () => {
    const reactor = createReactor()
    const path = `/tmp/${'y'.repeat(200)}`
    await expect(reactor.listenUNIX(path, new OneProtocol(new Recorder()))).rejects.toMatchObject({
      name: 'CannotListenError',
      code: 'ENAMETOOLONG',
    })
    expect(() => reactor.connectUNIX(path, new OneProtocol(new Recorder()))).toThrow('at most')
  })
})
