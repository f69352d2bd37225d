import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'
import { ANY_PEERS, type HostilePeer } from './hostile-peers.ts'
import { SPEAKING_PEERS } from './hostile-speakers.ts'
import { startVictims, type Victim } from './victims.ts'

const PEERS = [...ANY_PEERS, ...SPEAKING_PEERS]
/** Open descriptors can be counted only on Linux, in /proc. */
const CAN_COUNT = process.platform === 'linux'

describe.skipIf(!CAN_COUNT)('every TCP example', { timeout: 120_000 }, () => {
  let echo: ExampleProcess
  let victims: readonly Victim[] = []

  beforeAll(async () => {
    echo = await ExampleProcess.start('tcp-echo')
    victims = await startVictims(echo.port)
    // A first client makes each example load the modules and open the files that it keeps.
    await Promise.all(victims.map((victim) => victim.serve()))
  }, 60_000)
  afterAll(async () => {
    await Promise.all(victims.map((victim) => victim.process.stop()))
    await echo.stop()
  })

  test.each(PEERS.map((peer) => [peer.name, peer] as const))(
    'survives a peer that %s',
    async (_name, peer) => {
      expect(await failuresOf(peer, victims)).toEqual([])
    },
  )

  test('frees its memory after all attacks are repeated', async () => {
    const before = await Promise.all(victims.map(({ process }) => process.memoryBytes()))
    for (const peer of PEERS) await failuresOf(peer, victims)
    const grown = victims.map((victim, at) => growthOf(victim, before[at] ?? 0))
    expect((await Promise.all(grown)).filter(({ bytes }) => bytes > MOST_GROWTH_BYTES)).toEqual([])
  })

  test('logs no error for any of the attacks', () => {
    const faults = victims.flatMap(({ name, process: { errors } }) =>
      errors
        .split('\n')
        .filter((line) => / error /.test(line))
        .map((line) => `${name}: ${line}`),
    )
    expect(faults.slice(0, 10)).toEqual([])
  })
})

describe.skipIf(!CAN_COUNT)('udp-echo', { timeout: 60_000 }, () => {
  test('survives floods, empty and long datagrams, and frees its memory', async () => {
    const example = await ExampleProcess.startMeasured('udp-echo', ['0'])
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.connect(example.port, '127.0.0.1', resolve))
    const attack = async (): Promise<void> => {
      for (let count = 0; count < 5_000; count++) {
        const size = DATAGRAM_SIZES[count % DATAGRAM_SIZES.length]
        await new Promise<void>((resolve) => socket.send(Buffer.alloc(size ?? 0, 'x'), () => resolve()))
      }
    }
    await attack()
    await echoed(socket, 'first round')
    const [memory, descriptors] = [await example.memoryBytes(), example.descriptors]
    await attack()
    await echoed(socket, 'second round')
    expect(await growthOf({ name: 'udp-echo', process: example }, memory)).toMatchObject({
      bytes: expect.toSatisfy((bytes: number) => bytes <= MOST_GROWTH_BYTES),
    })
    // Files that Node opened while it started can be closed meanwhile.
    expect(example.descriptors).toBeLessThanOrEqual(descriptors)
    socket.close()
    expect(await example.stop()).toBe(0)
    expect(example.errors.trim().split('\n')).toEqual([
      expect.stringContaining('Dropped a datagram that is longer than maxPacketBytes'),
    ])
  })
})

/** Sends `text` until it is echoed, repeatedly because datagrams can be lost. */
async function echoed(socket: Socket, text: string): Promise<void> {
  const back = new Set<string>()
  socket.on('message', (data) => back.add(data.subarray(0, 100).toString()))
  const deadline = performance.now() + MOST_MS
  while (!back.has(text)) {
    if (performance.now() > deadline)
      throw new Error(`A correct client received no echo within ${MOST_MS} ms`)
    socket.send(text)
    await wait(10)
  }
  socket.removeAllListeners('message')
}

/** Runs several such peers at a time against each of their victims; returns the failures of the victims. */
async function failuresOf(peer: HostilePeer, victims: readonly Victim[]): Promise<readonly string[]> {
  const chosen = victims.filter((victim) => peer.only?.(victim) ?? true)
  const failures = await Promise.all(chosen.map((victim) => failureOf(peer, victim)))
  return failures.filter((failure) => failure !== undefined)
}

async function failureOf(peer: HostilePeer, victim: Victim): Promise<string | undefined> {
  const before = victim.process.descriptors
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, () => peer.attack(victim)))
    await within(victim.serve())
    await connectionsClosed(victim, before)
    return undefined
  } catch (error) {
    if (!victim.process.running) return `${victim.name}: it ended: ${victim.process.errors}`
    return `${victim.name}: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function within(served: Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(MOST_MS)
  const missed = new Promise<never>((_resolve, reject) => {
    late.addEventListener('abort', () =>
      reject(new Error(`A correct client was not served within ${MOST_MS} ms`)),
    )
  })
  await Promise.race([served, missed])
}

async function connectionsClosed({ process }: Victim, before: number): Promise<void> {
  const deadline = performance.now() + MOST_MS
  while (process.descriptors > before) {
    if (performance.now() > deadline)
      throw new Error(`It keeps ${process.descriptors - before} connections of peers that are gone`)
    await wait(10)
  }
}

/** The bytes by which a victim's memory exceeds `before`. Waits for memory that is freed later. */
async function growthOf(
  { name, process }: Pick<Victim, 'name' | 'process'>,
  before: number,
): Promise<{ readonly name: string; readonly bytes: number }> {
  const deadline = performance.now() + MOST_MS
  for (;;) {
    const bytes = (await process.memoryBytes()) - before
    if (bytes <= MOST_GROWTH_BYTES || performance.now() > deadline) return { name, bytes }
  }
}

const DATAGRAM_SIZES = [0, 1, 8_192, 8_193, 65_507]
const AT_A_TIME = 4
/** Longer than an example keeps the connection of a client that is gone. */
const MOST_MS = 8_000
const MOST_GROWTH_BYTES = 2 * 1024 * 1024
