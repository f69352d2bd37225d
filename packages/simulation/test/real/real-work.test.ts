import { spawn } from 'node:child_process'
import { Console } from 'node:console'
import {
  checkPrime,
  checkPrimeSync,
  generateKeyPairSync,
  generatePrime,
  generatePrimeSync,
  pbkdf2,
  pbkdf2Sync,
  randomBytes,
  randomUUID,
  sign,
  subtle,
  verify,
} from 'node:crypto'
import { createSocket } from 'node:dgram'
import { lookup, lookupService, resolve4 } from 'node:dns'
import { readFile } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleepFor } from 'node:timers/promises'
import { deflate, deflateSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RealWork, watchRealWork, watchStall } from '../../src/real/real-work.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')

describe('watchRealWork', () => {
  /** The real work reported while `ask` runs. */
  async function seenDuring(ask: () => unknown, wanted = true): Promise<readonly RealWork[]> {
    const seen: RealWork[] = []
    const endWatch = watchRealWork(
      () => (wanted ? 'owner' : undefined),
      (_by, work) => seen.push(work),
      () => undefined,
    )
    await ask()
    await Promise.resolve()
    endWatch()
    return seen
  }

  test.each<[string, () => unknown]>([
    ['a real timer', () => clearTimeout(setTimeout(() => undefined, 1000))],
    ['a real timer', () => clearInterval(setInterval(() => undefined, 1000))],
    ['a real timer', () => sleepFor(1, undefined, { ref: false })],
    ['a real timer', () => AbortSignal.timeout(1)],
    ['a real setImmediate', () => clearImmediate(setImmediate(() => undefined))],
    ['a real socket', () => createSocket('udp4').close()],
    ['a real name lookup', () => lookup('localhost', () => undefined)],
    ['a real name lookup', () => resolve4('127.0.0.1', () => undefined)],
    ['a real file', () => readFile('/dev/null', () => undefined)],
    ['a real process', () => spawn('true')],
    ['real work in another thread', () => deflate('text', () => undefined)],
    ['real work in another thread', () => pbkdf2('a', 'b', 1, 8, 'sha256', () => undefined)],
    ['real work in another thread', () => subtle.digest('SHA-256', Buffer.of(1))],
    ['real work in another thread', () => randomBytes(3, () => undefined)],
    ['real work in another thread', () => generatePrime(16, () => undefined)],
    ['real work in another thread', () => checkPrime(7n, () => undefined)],
    ['real work in another thread', () => sign(null, Buffer.of(1), privateKey, () => undefined)],
    ['a real name lookup', () => lookupService('127.0.0.1', 80, () => undefined)],
  ])('reports %s, and the line that asked: %s', async (what, ask) => {
    const [seen] = await seenDuring(ask)
    expect(seen).toMatchObject({ what, askedAt: expect.stringContaining('real-work.test.ts') })
    expect(seen?.instead).toMatch(/^(?:use |run it outside)/)
  })

  test('ignores promises, consoles and streams of Node, and everything after its end', async () => {
    const seen = await seenDuring(async () => {
      await Promise.resolve()
      new Console(new PassThrough().resume()).debug('a line')
      process.stdout.write('')
      process.nextTick(() => undefined)
      Readable.from(['piece']).resume()
    })
    clearTimeout(setTimeout(() => undefined, 1000))
    expect(seen).toEqual([])
  })

  test('ignores synchronous work', async () => {
    const seen = await seenDuring(() => {
      deflateSync('text')
      pbkdf2Sync('a', 'b', 1, 8, 'sha256')
      randomBytes(3)
      randomUUID()
      verify(null, Buffer.of(1), publicKey, sign(null, Buffer.of(1), privateKey))
      generatePrimeSync(16)
      checkPrimeSync(7n)
    })
    expect(seen).toEqual([])
  })

  test('ignores work without an owner', async () => {
    expect(await seenDuring(() => clearTimeout(setTimeout(() => undefined, 1000)), false)).toEqual([])
  })
})

describe('watchStall', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
  afterEach(() => void vi.useRealTimers())

  test('rejects after five seconds without progress, and not when there is progress in between', async () => {
    let moves = true
    const failures: unknown[] = []
    const watch = watchStall(() => moves, 'nothing moves')
    watch.stalled.catch((error: unknown) => failures.push(error))
    await vi.advanceTimersByTimeAsync(20_000)
    moves = false
    await vi.advanceTimersByTimeAsync(4000)
    moves = true
    await vi.advanceTimersByTimeAsync(1000)
    moves = false
    await vi.advanceTimersByTimeAsync(4000)
    expect(failures).toEqual([])
    await vi.advanceTimersByTimeAsync(1000)
    expect(failures).toEqual([new Error('nothing moves')])
    watch.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
