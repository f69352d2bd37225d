import { existsSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { isNamedPipe, removeStaleSocket } from '../../src/node/stale-socket.ts'
import { socketPath } from './socket-harness.ts'
import { leaveStaleSocket } from './leave-stale-socket.ts'

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
