import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { programArgs, ROOT } from './run-program.ts'

const isThere = spawnSync('systemd-socket-activate', ['--version']).status === 0

// Skipped where systemd-socket-activate is missing; it comes with systemd.
describe.skipIf(!isThere)('sockets that systemd has opened', () => {
  test('are adopted by the program that it starts for them', async () => {
    const port = await freePort()
    const source = `
      const port = await serverFromString(reactor, 'systemd:name=lines').listen(Factory.forProtocol(Echo))
      console.log(process.env.LISTEN_FDS, process.env.LISTEN_FDNAMES, port.getHost().port)
      await reactor.run()`
    const program = [process.execPath, ...programArgs(source)]
    const args = ['-l', `127.0.0.1:${port}`, '--fdname=lines', ...program]
    const supervisor = spawn('systemd-socket-activate', args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [output, complaints]: [string[], string[]] = [[], []]
    supervisor.stdout.on('data', (data: Buffer) => output.push(data.toString()))
    supervisor.stderr.on('data', (data: Buffer) => complaints.push(data.toString()))
    // It writes to stderr once it listens.
    await once(supervisor.stderr, 'data')
    const client = connect(port, '127.0.0.1')
    client.write('hello')
    const [answer] = await once(client, 'data')
    client.end()
    await once(client, 'close')
    supervisor.kill('SIGTERM')
    const [code] = await once(supervisor, 'close')
    expect([String(answer), output.join(''), code]).toEqual(['hello', `1 lines ${port}\n`, 0])
    expect(complaints.join('')).not.toContain('Error')
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
