import dgram from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/index.ts'
import { install } from '../../src/node.ts'

install()

const [key, cert] = ['key', 'cert'].map((what) =>
  readFileSync(new URL(`certificates/server.${what}.pem`, import.meta.url), 'utf8'),
)

type Note = (line: string) => void

/** Notes the events of a socket; resolves when it is closed. */
async function watch(who: string, socket: Socket, note: Note): Promise<void> {
  socket.on('error', ({ message }) => note(`${who} error ${message.replace(/:\d{4,5}$/, '')}`))
  socket.on('end', () => note(`${who} end`))
  socket.on('finish', () => note(`${who} finish`))
  socket.on('timeout', () => note(`${who} timeout`))
  await new Promise<void>((resolve) => {
    socket.on('close', (hadError) => {
      note(`${who} close ${hadError}, ${socket.bytesRead} read, ${socket.bytesWritten} written`)
      resolve()
    })
  })
}

/** Listens, runs one connection, and closes the server when both ends are closed. */
async function oneConnection(
  note: Note,
  server: (socket: Socket) => unknown,
  client: (socket: Socket) => unknown,
  options: net.ServerOpts & { readonly clientHalfOpen?: boolean } = {},
): Promise<void> {
  const { clientHalfOpen = false, ...given } = options
  const listening = net.createServer(given)
  const port = await listen(listening)
  const accepted = once(listening, 'connection') as Promise<[Socket]>
  const connecting = net.connect({ port, host: '127.0.0.1', allowHalfOpen: clientHalfOpen })
  const connected = once(connecting, 'connect')
  const [socket] = await accepted
  await connected
  const closed = [watch('server', socket, note), watch('client', connecting, note)]
  server(socket)
  client(connecting)
  await Promise.all(closed)
  listening.close()
  await once(listening, 'close')
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

function flow(socket: Socket): void {
  socket.resume()
}

/** Scripts over `node:net` and `node:http`. Each of them is over when its promise resolves. */
const SCRIPTS: Readonly<Record<string, (note: Note) => Promise<unknown>>> = {
  'an echo': (note) =>
    oneConnection(
      note,
      (socket) => socket.pipe(socket),
      async (socket) => {
        socket.end('hello')
        note(await text(socket))
      },
    ),
  'an end by the server': (note) => oneConnection(note, (socket) => socket.end('bye').resume(), flow),
  'a destroy by the server': (note) => oneConnection(note, (socket) => socket.destroy(), flow),
  'a destroy with an error': (note) => oneConnection(note, (socket) => socket.destroy(new Error('no')), flow),
  'a destroy behind a write': (note) =>
    oneConnection(note, (socket) => socket.write('hello', () => socket.destroy()), flow),
  'destroySoon behind a write': (note) =>
    oneConnection(
      note,
      (socket) => {
        socket.write('hello')
        socket.destroySoon()
      },
      flow,
    ),
  'a reset by the client': (note) => oneConnection(note, flow, (socket) => socket.resetAndDestroy()),
  'half-open both ways': (note) =>
    oneConnection(
      note,
      (socket) => {
        socket.resume().on('end', () => socket.end('and more'))
      },
      async (socket) => {
        socket.end('hello')
        socket.on('data', (data: Buffer) => note(String(data)))
      },
      { allowHalfOpen: true, clientHalfOpen: true },
    ),
  'a write behind an end': (note) =>
    oneConnection(note, flow, (socket) => {
      socket.resume().end('last')
      socket.write('too late')
    }),
  'data for an end that is destroyed': (note) =>
    oneConnection(
      note,
      (socket) => socket.destroy(),
      (socket) => {
        socket.resume().on('end', () => {
          // The second write finds the reset that the first one has brought about.
          socket.write('anyone?')
          setTimeout(() => socket.write('anyone?'), 50)
        })
      },
      { clientHalfOpen: true },
    ),
  'an idle timeout': (note) =>
    oneConnection(
      note,
      (socket) => {
        socket.resume().setTimeout(20, () => socket.end())
      },
      flow,
    ),
  pauseOnConnect: (note) =>
    oneConnection(
      note,
      (socket) => {
        note(`paused ${socket.isPaused()}`)
        socket.on('data', (data: Buffer) => note(String(data)))
        setTimeout(() => socket.resume(), 20)
      },
      (socket) => socket.end('hello'),
      { pauseOnConnect: true },
    ),
  'a megabyte': (note) =>
    oneConnection(
      note,
      async (socket) => {
        let bytes = 0
        for await (const chunk of socket) bytes += (chunk as Buffer).length
        note(`${bytes} bytes`)
      },
      (socket) => socket.end(Buffer.alloc(1_000_000)).resume(),
    ),
  'a refused connection': async (note) => {
    const server = net.createServer()
    const port = await listen(server)
    server.close()
    await once(server, 'close')
    await watch('client', net.connect(port, '127.0.0.1'), note)
  },
  'a UNIX socket that does not exist': async (note) => {
    await watch('client', net.connect('/nowhere/at-all.sock'), note)
  },
  'an address in use': async (note) => {
    const first = net.createServer()
    const port = await listen(first)
    const second = net.createServer().listen(port, '127.0.0.1')
    const [error] = (await once(second, 'error').catch((reason: unknown) => [reason])) as [
      NodeJS.ErrnoException,
    ]
    note(`${error.code} ${error.syscall} ${second.listening}`)
    first.close()
    await once(first, 'close')
  },
  'an address of another machine': async (note) => {
    const server = net.createServer().listen(0, '192.0.2.1')
    const [error] = (await once(server, 'error').catch((reason: unknown) => [reason])) as [
      NodeJS.ErrnoException,
    ]
    note(`${error.message} ${error.code} ${error.syscall}`)
  },
  maxConnections: async (note) => {
    const server = net.createServer((socket) => socket.resume())
    server.maxConnections = 1
    server.on('drop', (dropped) => note(`dropped ${dropped?.remoteAddress}`))
    const port = await listen(server)
    const first = net.connect(port, '127.0.0.1')
    await once(first, 'connect')
    const second = net.connect(port, '127.0.0.1').resume()
    await watch('second', second, note)
    server.getConnections((_error, count) => note(`${count} connection`))
    first.end()
    server.close()
    await once(server, 'close')
  },
  'an HTTP response that breaks off': async (note) => {
    const server = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half of it', () => response.destroy())
    })
    const port = await listen(server)
    const [response] = (await once(http.get({ port, host: '127.0.0.1' }), 'response')) as [
      http.IncomingMessage,
    ]
    await text(response).catch((error: NodeJS.ErrnoException) => note(`${error.message} ${error.code}`))
    server.close()
    await once(server, 'close')
  },
  'an HTTP server that hangs up': async (note) => {
    const server = http.createServer((request) => request.socket.destroy())
    const port = await listen(server)
    const request = http.get({ port, host: '127.0.0.1' })
    const [error] = (await once(request, 'error').catch((reason: unknown) => [reason])) as [
      NodeJS.ErrnoException,
    ]
    note(`${error.message} ${error.code}`)
    server.close()
    await once(server, 'close')
  },
  'HTTP requests on one connection': async (note) => {
    const server = http.createServer((request, response) => {
      void text(request).then((body) => response.end(`${request.method} ${body}`))
    })
    const port = await listen(server)
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (const method of ['GET', 'POST', 'PUT']) {
      const request = http
        .request({ port, host: '127.0.0.1', agent, method })
        .end(method === 'GET' ? '' : 'body')
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      note(`${await text(response)} ${request.reusedSocket} ${response.headers.connection}`)
    }
    agent.destroy()
    server.close()
    await once(server, 'close')
  },
}

/** Scripts over `node:tls` and `node:dgram`. */
const MORE_SCRIPTS: typeof SCRIPTS = {
  'TLS, with an end by the client': async (note) => {
    const server = tls.createServer({ key, cert })
    const serverClosed = once(server, 'secureConnection').then(([socket]: Socket[]) => {
      socket?.end('hello').resume()
      return socket && watch('server', socket, note)
    })
    const port = await listen(server)
    const socket = tls.connect({ port, host: '127.0.0.1', ca: cert, servername: 'localhost' })
    const closed = watch('client', socket, note)
    await once(socket, 'secureConnect')
    note(`client authorized ${socket.authorized} ${socket.getProtocol()}`)
    note(`client got ${await text(socket)}`)
    await Promise.all([closed, serverClosed])
    server.close()
    await once(server, 'close')
  },
  'TLS with a server that speaks something else': async (note) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.resume().end('220 I am a mail server\r\n')
    })
    const port = await listen(server)
    const socket = tls.connect({ port, host: '127.0.0.1' })
    const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [
      NodeJS.ErrnoException,
    ]
    note(`${error.code}`)
    server.close()
    await once(server, 'close')
  },
  'TLS with a server that hangs up': async (note) => {
    const server = net.createServer((socket) => {
      socket.once('data', () => socket.destroy())
    })
    const port = await listen(server)
    const socket = tls.connect({ port, host: '127.0.0.1' })
    const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [
      NodeJS.ErrnoException,
    ]
    note(`${error.message} ${error.code}`)
    server.close()
    await once(server, 'close')
  },
  'TLS with a certificate that is not trusted': async (note) => {
    const server = tls.createServer({ key, cert })
    const failed = once(server, 'tlsClientError') as Promise<[Error]>
    const port = await listen(server)
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost' })
    const closed = once(socket, 'close').catch(() => undefined)
    const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [
      NodeJS.ErrnoException,
    ]
    note(`client ${error.message} ${error.code}`)
    await closed
    note(`server ${(await failed)[0].message}`)
    server.close()
    await once(server, 'close')
  },
  'datagrams both ways': async (note) => {
    const server = dgram.createSocket('udp4')
    server.on('message', (data, from) => server.send([data, '!'], from.port, from.address))
    await once(server.bind(0, '127.0.0.1'), 'listening')
    const client = dgram.createSocket('udp4')
    client.connect(server.address().port, '127.0.0.1')
    await once(client, 'connect')
    note(client.remoteAddress().address)
    client.send('hello', (error, bytes) => note(`sent ${error} ${bytes}`))
    const [data, from] = (await once(client, 'message')) as [Buffer, dgram.RemoteInfo]
    note(`${String(data)} ${from.address} ${from.family} ${from.size}`)
    for (const socket of [server, client]) socket.close()
    await once(client, 'close')
  },
  'a datagram that is too long': async (note) => {
    const socket = dgram.createSocket('udp4')
    socket.send(Buffer.alloc(66_000), 9, '127.0.0.1', (error) => note(String(error?.message)))
    await once(socket, 'listening')
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
    socket.close()
  },
}

async function inSimulation(script: (note: Note) => Promise<unknown>): Promise<readonly string[]> {
  const sim = new Simulation({ seed: 1 })
  const noted: string[] = []
  let isOver = false
  sim.node('one', async () => {
    await script((line) => noted.push(line))
    isOver = true
  })
  await sim.runUntil(() => isOver)
  return noted
}

async function onThisMachine(script: (note: Note) => Promise<unknown>): Promise<readonly string[]> {
  const noted: string[] = []
  await script((line) => noted.push(line))
  return noted
}

/** What each end has noted, in its order; the ends run at the same time. */
function byEnd(noted: readonly string[]): readonly string[] {
  return noted.toSorted((one, other) => (one.split(' ')[0] ?? '').localeCompare(other.split(' ')[0] ?? ''))
}

describe('a program sees on a host what it sees on a machine', () => {
  test.each(Object.entries({ ...SCRIPTS, ...MORE_SCRIPTS }))('%s', async (_name, script) => {
    expect(byEnd(await inSimulation(script))).toEqual(byEnd(await onThisMachine(script)))
  })
})
