import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ExampleProcess, TYPESCRIPT } from './example-process.ts'
import { hasHAProxy, hasNginx, Proxy } from './proxy.ts'

const FOLDER = fileURLToPath(new URL('../operations/', import.meta.url))
const DOCS = fileURLToPath(new URL('../../docs/operations/', import.meta.url))
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')
const succeeds = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0

describe('the pages about operations', () => {
  test.each([
    ['service.socket', 'systemd.md'],
    ['service.service', 'systemd.md'],
    ['Containerfile', 'containers.md'],
    ['nginx.conf', 'nginx-and-haproxy.md'],
    ['haproxy.cfg', 'nginx-and-haproxy.md'],
  ])('show %s as it is', (name, page) => {
    expect(readFileSync(join(DOCS, page), 'utf8')).toContain(`\n${read(name)}\`\`\``)
  })
})

describe.each([
  ['nginx', hasNginx, 'nginx.conf'],
  ['haproxy', hasHAProxy, 'haproxy.cfg'],
] as const)('the service behind %s', (kind, isThere, file) => {
  let service: ExampleProcess
  let second: ExampleProcess
  let proxy: Proxy

  beforeAll(async () => {
    if (!isThere) return
    service = await start('tcp:0:interface=127.0.0.1')
    second = await start('tcp:0:interface=127.0.0.1')
    proxy = await Proxy.start(kind, ['http'], ({ http = 0 }) => {
      const config = read(file)
        .replaceAll('127.0.0.1:8080', `127.0.0.1:${service.port}`)
        .replaceAll('127.0.0.1:8081', `127.0.0.1:${second.port}`)
        .replace(/listen 80;|bind :80$/m, (line) => line.replace(/:?80/, `127.0.0.1:${http}`))
      return kind === 'nginx' ? `${ALONE}${config.replace('http {', `http {\n${TEMPORARY}`)}` : config
    })
  })
  afterAll(async () => {
    await proxy?.stop()
    service?.kill()
    second?.kill()
  })
  const url = (): string => `127.0.0.1:${proxy.ports['http']}`

  test.skipIf(!isThere)('knows its client, whatever the client claims', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https' }
    const claimed = await fetch(`http://${url()}/`, { headers })
    expect(await claimed.json()).toEqual({ client: '127.0.0.1', secure: false })
  })

  test.skipIf(!isThere)('echoes over a WebSocket', async () => {
    const socket = new WebSocket(`ws://${url()}/echo`)
    await once(socket, 'open')
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('hello')
    socket.close(1000)
    expect((await once(socket, 'close'))[0]).toBe(1000)
  })

  test.skipIf(!isThere)('opens a WebSocket for a page of its origin, whose port it knows', async () => {
    const socket = new WebSocket(`ws://${url()}/echo`, { origin: `http://${url()}` })
    await once(socket, 'open')
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.close(1000)
    await once(socket, 'close')
  })

  test.skipIf(!isThere)(
    'responds to each request while one of its instances stops, and closes WebSockets with 1001',
    async () => {
      const sockets = Array.from({ length: 4 }, () => new WebSocket(`ws://${url()}/echo`))
      await Promise.all(sockets.map((socket) => once(socket, 'open')))
      const closes = sockets.map((socket) => once(socket, 'close'))
      const statuses = new Set<number>()
      const stopping = service.stop()
      for (let after = 0; after < 20; after += service.running ? 0 : 1)
        statuses.add((await fetch(`http://${url()}/`)).status)
      expect(await stopping).toBe(0)
      expect([...statuses]).toEqual([200])
      // Those of the other instance are still open.
      expect((await Promise.race(closes))[0]).toBe(1001)
      expect(sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length).toBeGreaterThan(0)
      for (const socket of sockets) socket.terminate()
    },
  )
})

const start = (endpoint: string): Promise<ExampleProcess> => {
  process.env['TRUSTED_PROXIES'] = '127.0.0.1'
  return ExampleProcess.startWith('operations/service', [endpoint]).finally(
    () => delete process.env['TRUSTED_PROXIES'],
  )
}

const hasAnalyze = succeeds('systemd-analyze', '--version')

test.skipIf(!hasAnalyze)('the units are correct for systemd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-units-'))
  try {
    copyFileSync(join(FOLDER, 'service.socket'), join(folder, 'service.socket'))
    // The program must exist; on the machine of the test, Node is elsewhere.
    writeFileSync(
      join(folder, 'service.service'),
      read('service.service').replace('/usr/bin/node', process.execPath),
    )
    const units = readdirSync(folder).map((name) => join(folder, name))
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units], {
      encoding: 'utf8',
    })
    const own = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('service.'))
    expect(own).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const canActivate = succeeds('systemd-socket-activate', '--version')

test.skipIf(!canActivate)('systemd passes the socket that the service listens on', async () => {
  const { port } = await freePort()
  const program = [process.execPath, ...TYPESCRIPT, join(FOLDER, 'service.ts'), 'systemd:name=http']
  const supervisor = spawn('systemd-socket-activate', [
    '-l',
    `127.0.0.1:${port}`,
    '--fdname=http',
    ...program,
  ])
  await once(supervisor.stderr, 'data')
  const response = await fetch(`http://127.0.0.1:${port}/healthz`)
  expect(await response.json()).toEqual({ ok: true })
  supervisor.kill('SIGTERM')
  expect(await once(supervisor, 'close')).toEqual([0, null])
})

const NAMESPACE = ['--pid', '--fork', '--kill-child', '--mount-proc']
const canIsolate = succeeds('unshare', ...NAMESPACE, 'true')

test.skipIf(!canIsolate)(
  'the service as process 1 of a container stops at SIGTERM with status 0',
  async () => {
    const program = [process.execPath, ...TYPESCRIPT, join(FOLDER, 'service.ts'), 'tcp:0:interface=127.0.0.1']
    const container = spawn('unshare', [...NAMESPACE, ...program])
    const output = await firstOutput(container)
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(output) ?? []
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).toEqual({ ok: true })
    // unshare waits for its only child, which is process 1 in there.
    const [child = ''] = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8').split(
      ' ',
    )
    process.kill(Number(child), 'SIGTERM')
    expect(await once(container, 'close')).toEqual([0, null])
  },
)

async function firstOutput(child: ChildProcess): Promise<string> {
  let output = ''
  while (!output.includes('\n')) output += String((await once(child.stdout ?? child, 'data'))[0])
  return output
}

async function freePort(): Promise<{ port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return { port: typeof address === 'object' && address !== null ? address.port : 0 }
}

/** What nginx needs to run without root, in the directory of the test. */
const ALONE = 'daemon off;\nmaster_process off;\npid DIR/pid;\n'
const TEMPORARY = `${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path DIR/${name};`).join('\n')}\naccess_log off;`
