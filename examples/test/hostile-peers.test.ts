import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'
import { ANY_PEERS, type HostilePeer } from './hostile-peers.ts'
import { SPEAKING_PEERS } from './hostile-speakers.ts'
import { startVictims, type Victim } from './victims.ts'

const PEERS = [...ANY_PEERS, ...SPEAKING_PEERS]
/** Descriptors are counted by the system. */
const CAN_COUNT = process.platform === 'linux'

describe.skipIf(!CAN_COUNT)('examples', { timeout: 120_000 }, () => {
  let echo: ExampleProcess
  let victims: readonly Victim[] = []

  beforeAll(async () => {
    echo = await ExampleProcess.start('tcp-echo')
    victims = await startVictims(echo.port)
    // A first client, so that what is loaded once is.
    await Promise.all(victims.map((victim) => victim.serve()))
  }, 60_000)
  afterAll(async () => {
    await Promise.all(victims.map((victim) => victim.process.stop()))
    await echo.stop()
  })

  test.each(PEERS.map((peer) => [peer.name, peer] as const))('stand a peer that %s', async (_name, peer) => {
    expect(await failuresOf(peer, victims)).toEqual([])
  })

  test('have their memory back after the same attacks again', async () => {
    const before = await Promise.all(victims.map(({ process }) => process.memoryBytes()))
    for (const peer of PEERS) await failuresOf(peer, victims)
    const grown = victims.map((victim, at) => growthOf(victim, before[at] ?? 0))
    expect((await Promise.all(grown)).filter(({ bytes }) => bytes > MOST_GROWTH_BYTES)).toEqual([])
  })

  test('log nothing of all that as a fault of theirs', () => {
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
  test('stands floods, empty and long datagrams, and has its memory back', async () => {
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
    await answered(socket, 'first round')
    const [memory, descriptors] = [await example.memoryBytes(), example.descriptors]
    await attack()
    await answered(socket, 'second round')
    expect(await growthOf({ name: 'udp-echo', process: example }, memory)).toMatchObject({
      bytes: expect.toSatisfy((bytes: number) => bytes <= MOST_GROWTH_BYTES),
    })
    expect(example.descriptors).toBe(descriptors)
    socket.close()
    expect(await example.stop()).toBe(0)
    expect(example.errors.trim().split('\n')).toEqual([
      expect.stringContaining('Dropped a datagram that is longer than maxPacketBytes'),
    ])
  })
})

/** Asks, and again because datagrams get lost, until it comes back. */
async function answered(socket: Socket, text: string): Promise<void> {
  const back = new Set<string>()
  socket.on('message', (data) => back.add(data.subarray(0, 100).toString()))
  const deadline = performance.now() + MOST_MS
  while (!back.has(text)) {
    if (performance.now() > deadline) throw new Error('A good client was not answered')
    socket.send(text)
    await wait(10)
  }
  socket.removeAllListeners('message')
}

/** What the attack of several such peers at a time did to those they are for: nothing, if all is well. */
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
    await lettingGo(victim, before)
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
      reject(new Error(`A good client was not served within ${MOST_MS} ms`)),
    )
  })
  await Promise.race([served, missed])
}

async function lettingGo({ process }: Victim, before: number): Promise<void> {
  const deadline = performance.now() + MOST_MS
  while (process.descriptors > before) {
    if (performance.now() > deadline)
      throw new Error(`It holds ${process.descriptors - before} connections of peers that have gone`)
    await wait(10)
  }
}

/** By how much the memory of a victim stays beyond what it was; it may take a moment to be freed. */
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
/** Longer than a departed client is given for the rest of its answer. */
const MOST_MS = 8_000
const MOST_GROWTH_BYTES = 2 * 1024 * 1024
