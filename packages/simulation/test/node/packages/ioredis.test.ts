import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { simulateAll } from '../../../src/index.ts'
import { expectSameTraces } from './same-traces.ts'

/** Serves SET, GET and INCR of the protocol RESP; other commands succeed without effect. */
function redisServer(stored: Map<string, string>): void {
  const reply = ([command = '', key = '', value = '']: readonly string[]): string => {
    if (/^set$/i.test(command)) stored.set(key, value)
    const found = stored.get(key)
    if (/^incr$/i.test(command)) {
      const count = Number(found ?? 0) + 1
      stored.set(key, String(count))
      return `:${count}\r\n`
    }
    if (!/^get$/i.test(command)) return '+OK\r\n'
    return found === undefined ? '$-1\r\n' : `$${found.length}\r\n${found}\r\n`
  }
  net
    .createServer((socket) => {
      let unread = ''
      socket.on('error', () => undefined)
      socket.setEncoding('latin1').on('data', (data: string) => {
        unread += data
        for (let taken = takeCommand(unread); taken !== undefined; taken = takeCommand(unread)) {
          unread = taken.rest
          socket.write(reply(taken.words))
        }
      })
    })
    .listen(6379)
}

/** Takes a whole command, an array of bulk strings. */
function takeCommand(text: string): { readonly words: readonly string[]; readonly rest: string } | undefined {
  const [first = '', ...lines] = text.split('\r\n')
  const count = Number(first.slice(1))
  if (!first.startsWith('*') || lines.length < 2 * count + 1) return undefined
  const words = lines.slice(0, 2 * count).filter((_line, at) => at % 2 === 1)
  return { words, rest: lines.slice(2 * count).join('\r\n') }
}

test('ioredis connects again after faults, and repeats its commands', { timeout: 120_000 }, async () => {
  await expectSameTraces(async (sim) => {
    const stored = new Map<string, string>()
    const read: (string | null)[] = []
    sim.node('redis', () => redisServer(stored))
    sim.node('client', async () => {
      const redis = new Redis({
        host: 'redis',
        enableReadyCheck: false,
        commandTimeout: 5_000,
        connectTimeout: 2_000,
        maxRetriesPerRequest: null,
      })
      redis.on('error', () => undefined)
      while (read.length < 8) {
        const key = `key ${read.length}`
        const isSet = await redis.set(key, 'value').catch(() => undefined)
        const value = isSet === undefined ? undefined : await redis.get(key).catch(() => undefined)
        if (value !== undefined) read.push(value)
        await sleep(800)
      }
      redis.disconnect()
    })
    sim.injectFaults({ withinMs: 10_000, kinds: ['partition', 'reset', 'hold', 'crash', 'no descriptors'] })
    await sim.runUntil(() => read.length === 8)
    expect(read).toEqual(Array.from({ length: 8 }, () => 'value'))
  })
})

test('ioredis sends a command again when a reset has taken its reply, so it has its effect twice', async () => {
  await expect(
    simulateAll(async (sim) => {
      const stored = new Map<string, string>()
      sim.node('redis', () => redisServer(stored))
      sim.node('page', async () => {
        const redis = new Redis({ host: 'redis', enableReadyCheck: false, maxRetriesPerRequest: null })
        redis.on('error', () => undefined)
        for (let visit = 0; visit < 5; visit++) await redis.incr('visits')
      })
      sim.always('at most five visits are counted', () => Number(stored.get('visits') ?? 0) <= 5)
      sim.injectFaults({ withinMs: 200, kinds: ['reset'] })
      await sim.run(60_000)
    }),
  ).rejects.toThrow('at most five visits are counted')
})
