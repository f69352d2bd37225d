import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { Simulation } from '../../src/index.ts'
import { runTwice } from './node-program.ts'

const LINK = { latencyMs: [5, 5] as const, bytesPerSecond: 1e12 }

/** Not among the types of Node. */
const UNDATED: object = { sendDate: false }

function get(path: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    http.get({ host: 'server', path }, resolve).on('error', reject)
  })
}

describe('node:http on a host', () => {
  test('has the date of the host, and closes idle connections by its clock', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          const server = http.createServer((_request, response) => {
            // Later than a second, for which Node keeps the text of the date.
            setTimeout(() => response.end('hello'), 4_000)
          })
          server.on('connection', (socket) => {
            socket.on('close', () => note(`closed at ${Math.floor(performance.now() / 1_000)} s`))
          })
          server.keepAliveTimeout = 20_000
          server.listen(80)
        })
        sim.node('client', async () => {
          await sleep(1)
          const agent = new http.Agent({ keepAlive: true, timeout: 60_000 })
          for (const path of ['/one', '/two']) {
            const [response] = (await once(http.get({ host: 'server', path, agent }), 'response')) as [
              http.IncomingMessage,
            ]
            note(`${await text(response)} on ${response.headers.date}`)
          }
        })
      },
      { link: LINK, ms: 60_000 },
    )
    expect(noted).toEqual([
      'hello on Thu, 01 Jan 2026 00:00:04 GMT',
      'hello on Thu, 01 Jan 2026 00:00:08 GMT',
      expect.stringMatching(/^closed at 2[78] s$/),
    ])
  })

  test('a header Date of the program stays', async () => {
    const noted = await runTwice((sim, note) => {
      sim.node('server', () => {
        const heads = [{ date: 'one' }, ['Date', 'two']] as const
        let requests = 0
        http
          .createServer((_request, response) => {
            response.writeHead(200, heads[requests++] as http.OutgoingHttpHeaders).end()
          })
          .listen(80)
      })
      sim.node('client', async () => {
        await sleep(1)
        for (const path of ['/1', '/2']) note(String((await get(path)).resume().rawHeaders.slice(0, 2)))
      })
    })
    expect(noted).toEqual(['date,one', 'Date,two'])
  })

  test('the timeouts of a server follow the clock of its host', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          const server = http.createServer(
            { headersTimeout: 5_000, requestTimeout: 20_000, connectionsCheckingInterval: 1_000 },
            (request, response) => request.resume().on('end', () => response.end('whole')),
          )
          server.listen(80)
        })
        const client = async (name: string, parts: readonly string[], everyMs: number): Promise<void> => {
          const socket = net.connect(80, 'server')
          let received = ''
          socket.on('data', (data) => (received += data.toString()))
          socket.on('error', () => undefined)
          socket.on('close', () => {
            const statuses = [...received.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)
            note(`${name}: ${statuses.join()} at ${Math.floor(performance.now() / 1_000)} s`)
          })
          for (const part of parts) {
            if (socket.destroyed) return
            socket.write(part)
            await sleep(everyMs)
          }
        }
        const clients = {
          silent: [[], 0],
          'slow head': [Array.from('GET / HTTP/1.1\r\n'), 500],
          'slow body': [
            ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n', ...Array.from('x'.repeat(90))],
            500,
          ],
          'second head': [['GET / HTTP/1.1\r\nHost: a\r\n\r\n', ...Array.from('GET / HTTP/1.1')], 600],
          'in time': [
            [
              'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n',
              ...Array.from('body'),
            ],
            3_000,
          ],
        } as const
        for (const [name, [parts, everyMs]] of Object.entries(clients))
          sim.node(name, async () => {
            await sleep(1)
            await client(name, parts, everyMs)
          })
      },
      { link: LINK, ms: 40_000 },
    )
    expect(noted.toSorted()).toEqual([
      'in time: 200 at 12 s',
      'second head: 200,408 at 6 s',
      'silent: 408 at 6 s',
      'slow body: 408 at 21 s',
      'slow head: 408 at 6 s',
    ])
  })

  test('runUntilIdle ends while a server only waits for connections', async () => {
    const sim = new Simulation({ seed: 1 })
    const noted: string[] = []
    sim.node('server', () => {
      http.createServer((_request, response) => response.end('hello')).listen(80)
      const interval = setInterval(() => noted.push('interval'), 50).unref()
      setTimeout(() => interval.ref(), 1_000)
      setTimeout(() => interval.unref(), 2_000)
    })
    sim.node('client', async () => {
      await sleep(60_000)
      const response = await get('/')
      noted.push(await text(response))
    })
    await sim.runUntilIdle()
    expect(noted.at(-1)).toBe('interval')
    expect(noted.filter((line) => line !== 'interval')).toEqual(['hello'])
    expect(sim.nowMs).toBeLessThan(70_000)
  })

  test('hosts do not share the connections of the global agent', async () => {
    const noted = await runTwice((sim, note) => {
      sim.node('server', () => {
        http
          .createServer((request, response) => {
            response.end(request.socket.remoteAddress)
          })
          .listen(80)
      })
      for (const name of ['one', 'two'])
        sim.node(name, async () => {
          await sleep(100)
          for (const path of ['/1', '/2']) note(`${name} ${await text(await get(path))}`)
          note(`${name} ${await (await fetch('http://server/')).text()}`)
        })
    })
    expect(noted.toSorted()).toEqual([
      'one ::ffff:10.0.0.2',
      'one ::ffff:10.0.0.2',
      'one ::ffff:10.0.0.2',
      'two ::ffff:10.0.0.3',
      'two ::ffff:10.0.0.3',
      'two ::ffff:10.0.0.3',
    ])
  })

  test('HTTP/2', async () => {
    const noted = await runTwice((sim, note) => {
      sim.node(
        'server',
        () => void http2.createServer((request, response) => response.end(request.url)).listen(80),
      )
      sim.node('client', async () => {
        await sleep(1)
        const session = http2.connect('http://server')
        note(await text(session.request({ ':path': '/page' })))
        session.close()
      })
    })
    expect(noted).toEqual(['/page'])
  })

  test.skipIf(!('WebSocket' in globalThis))('the WebSocket of Node', async () => {
    const noted = await runTwice((sim, note) => {
      sim.node('server', () => {
        new WebSocketServer({ port: 80 }).on('connection', (socket) => {
          socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`))
        })
      })
      sim.node('client', async () => {
        await sleep(1)
        const socket = new WebSocket('ws://server/')
        socket.addEventListener('open', () => socket.send('hello'))
        socket.addEventListener('message', ({ data }) => {
          note(String(data))
          socket.close()
        })
        socket.addEventListener('close', () => note('closed'))
      })
    })
    expect(noted).toEqual(['echo hello', 'closed'])
  })
})

test('responses of node:http2 have the date of the host, unless the program gives one', async () => {
  const noted = await runTwice((sim, note) => {
    sim.node('server', () => {
      const server = http2.createServer()
      server.on('stream', (stream, { ':path': path }) => {
        if (path === '/given') stream.respond({ date: 'today' })
        else if (path === '/none') stream.respond({}, UNDATED)
        else stream.respond()
        stream.end()
      })
      server.listen(80)
    })
    sim.node('client', async () => {
      const session = http2.connect('http://server')
      for (const path of ['/', '/given', '/none']) {
        const [headers] = (await once(session.request({ ':path': path }), 'response')) as [
          http2.IncomingHttpHeaders,
        ]
        note(String(headers.date))
      }
    })
  })
  expect(noted).toEqual(['Thu, 01 Jan 2026 00:00:00 GMT', 'today', 'undefined'])
})
