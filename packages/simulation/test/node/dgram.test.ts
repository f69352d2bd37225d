import dgram from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runAlone, runTwice } from './node-program.ts'
import { expectSameTraces } from './packages/same-traces.ts'

test('datagrams are sent, received and refused', async () => {
  const noted = await runTwice((sim, note) => {
    sim.node('server', () => {
      const socket = dgram.createSocket('udp4')
      socket.on('message', (data, from) => {
        note(`server got ${String(data)} from ${from.address}, ${from.size} bytes`)
        socket.send(['and ', 'back'], from.port, from.address)
      })
      socket.bind(53, () => note(JSON.stringify(socket.address())))
      const second = dgram.createSocket('udp4')
      second.on('error', (error) => note(error.message))
      second.bind(53)
    })
    sim.node('client', async () => {
      await sleep(1)
      const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 65_536 })
      socket.send('hello', 53, 'server', (error, bytes) => note(`sent ${bytes}, ${error}`))
      const [data] = (await once(socket, 'message')) as [Buffer]
      note(`client got ${String(data)}`)
      await new Promise<void>((resolve) => {
        socket.close(resolve)
      })
      const connected = dgram.createSocket('udp4')
      connected.connect(54, '10.0.0.1')
      await once(connected, 'connect')
      note(`${connected.remoteAddress().address}:${connected.remoteAddress().port}`)
      connected.send('anyone?')
      const [error] = (await once(connected, 'error').catch((reason: unknown) => [reason])) as [Error]
      note(error.message)
    })
  })
  expect(noted).toEqual([
    '{"address":"0.0.0.0","family":"IPv4","port":53}',
    'bind EADDRINUSE 0.0.0.0:53',
    'sent 5, null',
    'server got hello from 10.0.0.2, 5 bytes',
    'client got and back',
    '10.0.0.1:54',
    'recvmsg ECONNREFUSED',
  ])
})

test('what is not simulated fails with ENOTSUP', async () => {
  const noted = await runAlone(async (note) => {
    const socket = dgram.createSocket('udp4')
    const tried = (call: () => void): void => {
      try {
        call()
      } catch (error) {
        note(String(error))
      }
    }
    tried(() => socket.addSourceSpecificMembership('10.0.0.2', '232.1.1.1'))
    tried(() => socket.dropSourceSpecificMembership('10.0.0.2', '232.1.1.1'))
    socket.connect(53, '10.0.0.2')
    await once(socket, 'connect')
    tried(() => socket.disconnect())
  })
  expect(noted).toEqual([
    'Error: addSourceSpecificMembership ENOTSUP',
    'Error: dropSourceSpecificMembership ENOTSUP',
    'Error: connect ENOTSUP',
  ])
})

test('a client that repeats its question gets every answer, under faults', { timeout: 60_000 }, async () => {
  await expectSameTraces(async (sim) => {
    const answers = new Set<string>()
    sim.node('server', () => {
      const socket = dgram.createSocket('udp4').bind(53)
      socket.on('message', (data, from) => socket.send(`answer ${String(data)}`, from.port, from.address))
    })
    sim.node('client', async () => {
      const socket = dgram.createSocket('udp4').on('message', (data) => answers.add(String(data)))
      socket.on('error', () => undefined)
      for (let question = 0; question < 5; question++) {
        while (!answers.has(`answer ${question}`)) {
          socket.send(String(question), 53, 'server')
          await sleep(500)
        }
      }
    })
    sim.injectFaults({ withinMs: 5_000, kinds: ['partition', 'crash', 'hold', 'slow names'] })
    await sim.runUntil(() => answers.size === 5)
    expect([...answers].toSorted()).toEqual([0, 1, 2, 3, 4].map((question) => `answer ${question}`))
  })
})
