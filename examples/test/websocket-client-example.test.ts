import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { ExampleProcess, TYPESCRIPT } from './example-process.ts'

const servers: WebSocketServer[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate()
    server.close()
  }
})

/** A server of `ws`, which calls `accept` with each WebSocket. */
async function listen(accept: (socket: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', accept)
  servers.push(server)
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Starts the example with input that the test writes. */
function start(...args: string[]): {
  child: ChildProcessWithoutNullStreams
  ended: Promise<[string, string, number]>
} {
  const path = fileURLToPath(new URL('../websocket-client.ts', import.meta.url))
  const child = spawn(process.execPath, [...TYPESCRIPT, path, ...args])
  let [output, errors] = ['', '']
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  const ended = once(child, 'close').then(([code]): [string, string, number] => [
    output,
    errors,
    code as number,
  ])
  return { child, ended }
}

describe('examples/websocket-client.ts', () => {
  test('sends typed lines, prints what it receives, and closes at the end of its input', async () => {
    const url = await listen((socket) => {
      socket.on('message', (data: Buffer) => socket.send(`You wrote ${data.toString()}`))
      socket.send(Buffer.from([1, 2, 255]))
    })
    const { child, ended } = start(url)
    child.stdin.write('hel')
    child.stdin.write('lo\n')
    let output = ''
    while (!output.includes('hello')) output += String((await once(child.stdout, 'data'))[0])
    child.stdin.end()
    expect(await ended).toEqual(['3 bytes: 0102ff\nYou wrote hello\n', 'Connected\nClosed with 1000\n', 0])
  })

  test('sends back what it receives with --echo', async () => {
    const echoed: string[] = []
    const url = await listen((socket) => {
      socket.send('one')
      socket.send('two')
      socket.on('message', (data: Buffer) => {
        echoed.push(data.toString())
        if (echoed.length === 2) socket.close(1000, 'thanks')
      })
    })
    const { ended } = start(url, '--echo')
    expect(await ended).toEqual(['one\ntwo\n', 'Connected\nClosed with 1000: thanks\n', 0])
    expect(echoed).toEqual(['one', 'two'])
  })

  test('offers subprotocols', async () => {
    const url = await listen((socket) => socket.close(1000))
    const { ended } = start(url, '--echo', '--subprotocol', 'mqtt', '--subprotocol', 'chat')
    expect(await ended).toEqual(['', 'Connected with the subprotocol mqtt\nClosed with 1000\n', 0])
  })

  test('prints why the connection ended without a closing handshake, and exits with 1', async () => {
    const url = await listen((socket) => socket.terminate())
    const { ended } = start(url, '--echo')
    const [, errors, code] = await ended
    expect([errors.split('\n')[0], code]).toEqual(['Connected', 1])
    expect(errors).toMatch(
      /^Connected\n(?:The WebSocket ended without a closing handshake|Connection was lost)/,
    )
  })

  test('prints why it cannot connect, and exits with 2', async () => {
    const rejecting = await ExampleProcess.start('websocket-echo')
    const url = `ws://127.0.0.1:${rejecting.port}/`
    await rejecting.stop()
    for (const args of [[url], ['--nonsense']]) {
      const { code, output, errors } = await ExampleProcess.run('websocket-client', ...args)
      expect([code, output, errors.trim().split('\n').length]).toEqual([2, '', 1])
    }
  })
})
