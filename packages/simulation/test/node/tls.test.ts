import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { describe, expect, test } from 'vitest'
import { runTwice } from './node-program.ts'
import { expectSameTraces } from './packages/same-traces.ts'

const LINK = { latencyMs: [5, 5] as const, bytesPerSecond: 1e12 }
// The signatures of an Ed25519 key always have the same length, which a deterministic run needs.
const [key, cert] = ['key', 'cert'].map((what) =>
  readFileSync(new URL(`certificates/server.${what}.pem`, import.meta.url), 'utf8'),
)

describe('node:tls on a host', () => {
  test('connects, verifies the certificate, and carries bytes both ways', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          tls.createServer({ key, cert, ALPNProtocols: ['echo'] }, (socket) => socket.pipe(socket)).listen(7)
        })
        sim.node('client', async () => {
          await sleep(1)
          const socket = tls.connect({ host: 'server', port: 7, ca: cert, ALPNProtocols: ['echo'] })
          await once(socket, 'secureConnect')
          note(`${socket.getProtocol()} ${socket.alpnProtocol} ${socket.authorized} ${socket.remoteAddress}`)
          socket.end('hello'.repeat(20_000))
          note(`${(await text(socket)).length} bytes`)
          const untrusting = tls.connect({ host: 'server', port: 7 })
          const [error] = (await once(untrusting, 'error').catch((reason: unknown) => [reason])) as [
            NodeJS.ErrnoException,
          ]
          note(String(error.code))
        })
      },
      { link: LINK },
    )
    expect(noted).toEqual(['TLSv1.3 echo true 10.0.0.1', '100000 bytes', 'DEPTH_ZERO_SELF_SIGNED_CERT'])
  })

  test('begins on a socket that has carried other bytes, as STARTTLS does', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          net
            .createServer((socket) => {
              let got = ''
              const listener = (data: Buffer): void => {
                got += String(data)
                if (got !== 'STARTTLS') return
                socket.off('data', listener)
                socket.write('go')
                const secure = new tls.TLSSocket(socket, { isServer: true, key, cert })
                secure.end('secret')
              }
              socket.on('data', listener)
            })
            .listen(7)
        })
        sim.node('client', async () => {
          await sleep(1)
          const socket = net.connect(7, 'server')
          socket.write('STARTTLS')
          let got = ''
          while (got !== 'go') got += String((await once(socket, 'data'))[0])
          const secure = tls.connect({ socket, ca: cert, servername: 'server' })
          note(await text(secure))
        })
      },
      { link: LINK },
    )
    expect(noted).toEqual(['secret'])
  })

  test('a reset is an error of the secure socket, and a refused connection too', async () => {
    const noted = await runTwice(
      (sim, note) => {
        sim.node('server', () => {
          tls
            .createServer({ key, cert }, (socket) => {
              socket.on('error', (error) => note(`server: ${error.message}`))
              socket.resume()
            })
            .listen(7)
        })
        sim.node('client', async () => {
          await sleep(1)
          const socket = tls.connect({ host: 'server', port: 7, ca: cert })
          await once(socket, 'secureConnect')
          socket.on('error', (error) => note(`client: ${error.message}`))
          await sleep(50)
          sim.inject({ kind: 'reset', atMs: 0, forMs: 0, one: 'client', other: 'server' })
          const refused = tls.connect({ host: 'server', port: 8, ca: cert })
          refused.on('error', (error) => note(`client: ${error.message}`))
        })
      },
      { link: LINK },
    )
    // A reset reaches one end or both.
    expect(noted).toContain('client: connect ECONNREFUSED 10.0.0.1:8')
    expect(noted.filter((line) => line.endsWith('read ECONNRESET')).length).toBeGreaterThanOrEqual(1)
  })
})

function get(agent: https.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = https.get({ host: 'server', ca: cert, agent, timeout: 3_000 }, (response) => {
      text(response).then(resolve, reject)
    })
    request.on('timeout', () => request.destroy(new Error('timeout')))
    request.on('error', reject)
  })
}

test('node:https under faults', { timeout: 120_000 }, async () => {
  await expectSameTraces(async (sim) => {
    const responses: string[] = []
    sim.node('server', () => {
      https.createServer({ key, cert }, (_request, response) => response.end('hello')).listen(443)
    })
    sim.node('client', async () => {
      const agent = new https.Agent({ keepAlive: true })
      while (responses.length < 5) {
        await get(agent).then(
          (body) => responses.push(body),
          () => undefined,
        )
        await sleep(1_000)
      }
    })
    sim.injectFaults({ withinMs: 10_000, kinds: ['partition', 'reset', 'hold', 'crash'] })
    await sim.runUntil(() => responses.length === 5)
  })
})
