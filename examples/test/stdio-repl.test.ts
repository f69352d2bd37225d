import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ExampleProcess, TYPESCRIPT } from './example-process.ts'

describe('examples/stdio-repl.ts', () => {
  test('sends typed lines, prints received lines, and ends after the last one', async () => {
    const server = await listen((socket) => {
      socket.on('data', (data) => socket.write(data.toString().toUpperCase()))
      socket.on('end', () => socket.end('bye\r\n'))
    })
    const repl = start(server)
    repl.stdin.write('hello\nwor')
    const [first] = await once(repl.stdout, 'data')
    repl.stdin.end('ld\n')
    const rest = await output(repl)
    expect([String(first), ...rest]).toEqual(['HELLO\n', 'WORLD\nbye\n', '', 0])
    server.close()
  })

  test('loses no line when more is typed than the server takes at once', async () => {
    const typed = 'a line that goes there and back\n'.repeat(30_000)
    const server = await listen((socket) => socket.pipe(socket))
    const repl = start(server)
    repl.stdin.end(typed)
    const [printed, errors, code] = await output(repl)
    expect([printed === typed, errors, code]).toEqual([true, '', 0])
    server.close()
  })

  test('prints one line when the connection breaks, and exits with 1', async () => {
    const server = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const repl = start(server)
    repl.stdin.write('hello\n')
    const [printed, errors, code] = await output(repl)
    expect([printed, errors, code]).toEqual(['', 'Connection was lost\n', 1])
    server.close()
  })

  test('prints one line about an invalid endpoint or a failed connection, and exits with 2', async () => {
    const unclear = await ExampleProcess.run('stdio-repl', 'tcp:127.0.0.1')
    expect([unclear.code, unclear.errors.split('\n').length]).toEqual([2, 2])
    expect(unclear.errors).toMatch(/^Cannot understand endpoint "tcp:127.0.0.1"/)
    const server = await listen(() => undefined)
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const alone = await ExampleProcess.run('stdio-repl', `tcp:127.0.0.1:${port}`)
    expect(alone.code).toBe(2)
    expect(alone.errors).toMatch(/^Cannot connect to 127\.0\.0\.1:\d+: [^\n]*\n$/)
  })
})

async function listen(accept: (socket: Socket) => unknown): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, accept).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function start(server: Server): ChildProcessWithoutNullStreams {
  const path = fileURLToPath(new URL('../stdio-repl.ts', import.meta.url))
  const { port } = server.address() as AddressInfo
  return spawn(process.execPath, [...TYPESCRIPT, path, `tcp:127.0.0.1:${port}`])
}

/** Its further standard output, its standard error, and its exit code. */
async function output(repl: ChildProcessWithoutNullStreams): Promise<[string, string, number | null]> {
  const [printed, errors]: [Buffer[], Buffer[]] = [[], []]
  repl.stdout.on('data', (data: Buffer) => printed.push(data))
  repl.stderr.on('data', (data: Buffer) => errors.push(data))
  const [code] = (await once(repl, 'close')) as [number | null]
  return [Buffer.concat(printed).toString(), Buffer.concat(errors).toString(), code]
}
