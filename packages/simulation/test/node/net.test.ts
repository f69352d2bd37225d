import dns from 'node:dns'
import net from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/index.ts'
import { runAlone, runTwice } from './node-program.ts'

const LINK = { latencyMs: [5, 5] as const, bytesPerSecond: 1e12 }

describe('node:net on a host', () => {
  test('carries bytes, ends and addresses', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          const server = net.createServer((socket) => {
            note(`from ${socket.remoteAddress} ${socket.remoteFamily}, ${socket.remotePort! > 1024}`)
            socket.pipe(socket)
            server.getConnections((_error, count) => note(`${count} connections`))
            socket.on('close', () => server.close())
          })
          server.listen(7, () => note(JSON.stringify(server.address())))
          server.on('close', () => note('server closed'))
        })
        sim.node('client', async () => {
          await sleep(1)
          const socket = net.connect({ host: 'server', port: 7 })
          socket.on('lookup', (_error, address, family, host) => note(`${host} is ${address} ${family}`))
          await once(socket, 'connect')
          note(`to ${socket.remoteAddress}:${socket.remotePort} from ${socket.localAddress}`)
          socket.end('hello')
          note(await text(socket))
          note(`${socket.bytesWritten} written, ${socket.bytesRead} read`)
        })
      },
      { link: LINK },
    )
    expect(noted.toSorted()).toEqual([
      '1 connections',
      '5 written, 5 read',
      'from ::ffff:10.0.0.2 IPv6, true',
      'hello',
      'server closed',
      'server is 10.0.0.1 4',
      'to 10.0.0.1:7 from 10.0.0.2',
      '{"address":"::","family":"IPv6","port":7}',
    ])
  })

  test('errors are those of Node, with code, address, port and system call', async () => {
    const noted = await runTwice(
      (sim, note) => {
        const noteError = (error: object & { message?: string }): void =>
          note(`${error.message} ${JSON.stringify(error)}`)
        sim.network.names.set('away', ['10.9.9.9'])
        sim.node('server', () => {
          net.createServer((socket) => socket.resetAndDestroy()).listen(7)
          net.createServer().listen(7).on('error', noteError)
        })
        sim.node('client', async () => {
          await sleep(10)
          net.connect(8, 'server').on('error', noteError)
          net.connect(8, 'nowhere').on('error', noteError)
          net.connect(8, 'away').on('error', noteError)
          net.connect(7, 'server').on('error', noteError)
        })
      },
      { ms: 200_000, link: LINK },
    )
    expect(noted).toEqual([
      'listen EADDRINUSE: address already in use :::7 {"code":"EADDRINUSE","errno":-98,"syscall":"listen","address":"::","port":7}',
      'getaddrinfo ENOTFOUND nowhere {"errno":-3008,"code":"ENOTFOUND","syscall":"getaddrinfo","hostname":"nowhere"}',
      'connect ECONNREFUSED 10.0.0.1:8 {"errno":-111,"code":"ECONNREFUSED","syscall":"connect","address":"10.0.0.1","port":8}',
      'read ECONNRESET {"errno":-104,"code":"ECONNRESET","syscall":"read"}',
      'connect ETIMEDOUT 10.9.9.9:8 {"errno":-110,"code":"ETIMEDOUT","syscall":"connect","address":"10.9.9.9","port":8}',
    ])
  })

  test('a half-open socket can be written after the end of its input', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          net
            .createServer({ allowHalfOpen: true }, async (socket) => {
              socket.setEncoding('utf8')
              let got = ''
              socket.on('data', (data: string) => (got += data))
              await once(socket, 'end')
              note(`server got ${got}`)
              await sleep(100)
              socket.end('and goodbye')
            })
            .listen(7)
        })
        sim.node('client', async () => {
          await sleep(1)
          const socket = net.connect({ host: 'server', port: 7, allowHalfOpen: true })
          socket.end('hello')
          note(`client got ${await text(socket)}`)
        })
      },
      { link: LINK },
    )
    expect(noted).toEqual(['server got hello', 'client got and goodbye'])
  })

  test('a socket that does not read learns of a reset when it writes', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          net
            .createServer({ pauseOnConnect: true }, async (socket) => {
              socket.on('error', (error) => note(error.message))
              // A socket that does not read is not notified of a reset.
              await sleep(200)
              note(`destroyed: ${socket.destroyed}`)
              socket.write('anyone?')
            })
            .listen(7)
        })
        sim.node('client', async () => {
          await sleep(1)
          const socket = net.connect(7, 'server')
          setTimeout(() => socket.resetAndDestroy(), 50)
        })
      },
      { link: LINK },
    )
    expect(noted).toEqual(['destroyed: false', 'write ECONNRESET'])
  })

  test('a socket that is not read slows its writer down', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          net
            .createServer({ pauseOnConnect: true }, async (socket) => {
              await sleep(1_000)
              let bytes = 0
              for await (const chunk of socket) bytes += (chunk as Buffer).length
              note(`${bytes} bytes at ${performance.now() > 1_000}`)
            })
            .listen(7)
        })
        sim.node('client', async () => {
          await sleep(1)
          const socket = net.connect(7, 'server')
          note(String(socket.write(Buffer.alloc(500_000))))
          socket.on('drain', () => {
            note(`drained after a second: ${performance.now() > 1_000}`)
            socket.end()
          })
        })
      },
      { link: LINK, ms: 20_000 },
    )
    expect(noted).toEqual(['false', 'drained after a second: true', '500000 bytes at true'])
  })

  test('the system takes small writes at once', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          net.createServer(async (socket) => note(`${(await text(socket)).length} bytes`)).listen(7)
        })
        sim.node('client', async () => {
          await sleep(1)
          const socket = net.connect(7, 'server')
          await once(socket, 'connect')
          const returned = Array.from({ length: 20 }, () => socket.write('é'.repeat(1_000)))
          note(`${returned.every(Boolean)}, ${socket.writableLength} waiting, ${socket.bytesWritten} written`)
          socket.cork()
          for (let part = 0; part < 3; part++) socket.write(`${part}`, () => note(`part ${part}`))
          socket.uncork()
          socket.end()
        })
      },
      { link: LINK },
    )
    expect(noted).toEqual(['true, 0 waiting, 40000 written', 'part 0', 'part 1', 'part 2', '20003 bytes'])
  })

  test('timeouts of sockets, and of one address of several', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.network.names.set('two', ['10.9.9.9', '10.0.0.1'])
        sim.node('server', () => void net.createServer((socket) => socket.resume()).listen(7))
        sim.node('client', async () => {
          await sleep(1)
          const idle = net.connect({ host: 'server', port: 7, timeout: 2_000 })
          idle.on('timeout', () => note(`timeout at ${Math.round(performance.now() / 1000)} s`))
          const socket = net.connect({ host: 'two', port: 7, autoSelectFamily: true })
          socket.on('connectionAttemptTimeout', (address) => note(`no answer from ${address}`))
          await once(socket, 'connect')
          note(socket.remoteAddress!)
          socket.destroy()
        })
      },
      { link: LINK },
    )
    expect(noted).toEqual(['no answer from 10.9.9.9', '10.0.0.1', 'timeout at 2 s'])
  })

  test('UNIX sockets connect programs of one host', async () => {
    const noted = await runAlone(async (note) => {
      const server = net.createServer((socket) => socket.end('from the socket')).listen('/run/app.sock')
      await once(server, 'listening')
      note(JSON.stringify(server.address()))
      note(await text(net.connect('/run/app.sock')))
    })
    expect(noted).toEqual(['"/run/app.sock"', 'from the socket'])
  })
})

describe('the end of a program', () => {
  test("an 'error' event without a listener fails the run with host and time", async () => {
    const sim = new Simulation({ seed: 1, link: LINK })
    sim.node('server', () => undefined)
    sim.node('client', () => void net.connect(7, '10.0.0.1'))
    const failed = await sim.run(1_000).catch((error: unknown) => error)
    expect(String(failed)).toContain('Seed 1 at 10.000 ms: client failed: connect ECONNREFUSED 10.0.0.1:7')
  })

  test('a rejection that is not handled fails the run', async () => {
    const sim = new Simulation({ seed: 1, link: LINK })
    sim.node('one', () => void sleep(20).then(() => Promise.reject(new Error('lost'))))
    await expect(sim.run(1_000)).rejects.toThrow(/Seed 1 at 20.000 ms: A promise of one was rejected.*lost/)
  })

  test('process.exit ends the host and no other code', async () => {
    const sim = new Simulation({ seed: 1, link: LINK })
    let isAfter = false
    const server = sim.node('server', () => {
      setTimeout(() => {
        const exit = (code: number): void => process.exit(code)
        exit(3)
        isAfter = true
      }, 100)
    })
    await sim.run(1_000)
    expect([server.isDown, isAfter]).toEqual([true, false])
    expect(sim.trace.toString()).toContain('server exits with 3')
  })
})

test('sim.node rejects a second host with the same name', () => {
  const sim = new Simulation({ seed: 1 })
  sim.node('one', () => undefined)
  expect(() => sim.node('one', () => undefined)).toThrow('Cannot add a second host named "one"')
})

test('a host that crashes in its own callback makes no connection, and its errors fail no run', async () => {
  const sim = new Simulation({ seed: 1 })
  const server = sim.node('server', () => {
    setTimeout(() => {
      server.crash()
      net.connect(80, 'client')
      dns.lookup('client', () => {
        throw new Error('a dead host got a reply')
      })
    }, 5)
  })
  sim.node('client', () => {
    net
      .createServer(() => {
        throw new Error('a dead host has connected')
      })
      .listen(80)
  })
  await sim.run(1_000)
  expect(server.isDown).toBe(true)
})

test('an exception in a later tick of a host without the simulated Node names its host', async () => {
  const sim = new Simulation({ seed: 1 })
  sim.host('server', (reactor) => {
    reactor.callLater(5, () =>
      process.nextTick(() => {
        throw new Error('it broke')
      }),
    )
  })
  await expect(sim.run(10)).rejects.toThrow('Seed 1 at 5.000 ms: server failed: it broke')
})

test('connects from the local port and address that the program asks for, and names those it cannot have', async () => {
  const noted = await runTwice(
    (sim, note) => {
      const server = sim.node('server', () => {
        net
          .createServer((socket) => {
            note(`accepted from ${socket.remotePort}`)
            socket.end()
          })
          .listen(80)
      })
      sim.node('client', async () => {
        net.createServer().listen(81)
        const to = { host: server.address, port: 80 }
        const asked = [{ localPort: 45_555 }, { localPort: 81 }, { localAddress: '1.2.3.4', localPort: 5 }]
        for (const from of [...asked, { localAddress: '1.2.3.4' }]) {
          const socket = net.connect({ ...to, ...from })
          socket.on('connect', () => note(`connected from ${socket.localPort}`))
          socket.on('error', (error) => note(error.message))
          socket.resume()
          await new Promise((resolve) => socket.on('close', resolve))
        }
      })
    },
    { link: LINK },
  )
  expect(noted).toEqual([
    'connected from 45555',
    'accepted from 45555',
    'bind EADDRINUSE 0.0.0.0:81',
    'bind EADDRNOTAVAIL 1.2.3.4:5',
    'bind EADDRNOTAVAIL 1.2.3.4',
  ])
})
