import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Factory, LineReceiver, Protocol } from '@ropewalk/core'
import { formatRecordedEvent, recordConnection, type Recording } from '@ropewalk/core/policies'
import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { replay, ReplayFailed } from '../../src/replay/replay.ts'
import { OneProtocol } from '../simulated-harness.ts'
import { Noting, TwoHosts } from '../two-hosts.ts'

class Upper extends LineReceiver {
  override lineReceived(line: Buffer): void {
    this.sendLine(line.toString().toUpperCase())
  }
}

/** Wrong: it takes each chunk for a whole line. */
class BrokenUpper extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(`${data.toString().trim().toUpperCase()}\r\n`)
  }
}

const RECORDING: Recording = [
  { atMs: 0, connection: 1, what: 'received', bytes: Buffer.from('hello\r\n') },
  { atMs: 10, connection: 1, what: 'received', bytes: Buffer.from('world\r\n') },
]

describe('replay', () => {
  test('plays a file that recordConnection wrote, cut at every place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ropewalk-replay-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'traffic.jsonl')
    const lines: string[] = []
    const [reactor, client] = [new MemoryReactor(), new Noting()]
    const policies = [recordConnection((line) => lines.push(line))]
    await reactor.listenTCP(7, Factory.forProtocol(Upper), { policies })
    reactor.connectTCP('localhost', 7, new OneProtocol(client))
    reactor.pump()
    client.transport.write('one\r\ntwo\r\n')
    reactor.pump()
    client.transport.loseConnection()
    reactor.pump()
    await writeFile(path, lines.join(''))

    const { connections, plays } = await replay(path, Factory.forProtocol(Upper), { cuts: 'every' })
    expect(plays).toBe(2 + 'one\r\ntwo\r\n'.length - 1)
    expect(connections.map(({ recorded, written }) => [recorded.toString(), written.toString()])).toEqual([
      ['ONE\r\nTWO\r\n', 'ONE\r\nTWO\r\n'],
    ])
  })

  test('fails for a protocol whose output depends on the cuts', async () => {
    const failure = replay(RECORDING, Factory.forProtocol(BrokenUpper))
    await expect(failure).rejects.toBeInstanceOf(ReplayFailed)
    await expect(failure).rejects.toThrow(
      String.raw`The recording, cut at every byte: connection 1 wrote "\r\nE\r\n`,
    )
    await expect(
      replay(RECORDING, Factory.forProtocol(BrokenUpper), { cuts: 'recorded' }),
    ).resolves.toMatchObject({
      plays: 1,
    })
  })

  test('fails with the error that a protocol throws, and names the cut', async () => {
    class Impatient extends Protocol {
      override dataReceived(data: Buffer): void {
        if (data.length < 3) throw new Error('too little')
      }
    }
    const failure = replay(RECORDING, Factory.forProtocol(Impatient))
    await expect(failure).rejects.toThrow('The recording, cut at every byte: ')
    await expect(failure).rejects.toMatchObject({ cause: { message: 'too little' } })
  })

  test('calls a function for a new factory before each play', async () => {
    let made = 0
    class Counting extends Factory {
      #count = 0
      override buildProtocol(): Protocol {
        const count = ++this.#count
        return new (class extends Protocol {
          override connectionMade(): void {
            this.transport.write(String(count))
          }
        })()
      }
    }
    const make = (): Counting => {
      made++
      return new Counting()
    }
    const { plays } = await replay(RECORDING, make)
    expect(made).toBe(plays)
    await expect(replay(RECORDING, new Counting())).rejects.toBeInstanceOf(ReplayFailed)
  })

  test('plays a capture of a link', async () => {
    const hosts = new TwoHosts()
    const capture = hosts.sim.capture(hosts.sim.network.link(hosts.client, hosts.server))
    await hosts.connect()
    hosts.asked.transport.write('hello\r\n')
    await hosts.sim.run(1000)
    const { connections } = await replay(capture.recording, Factory.forProtocol(Upper))
    expect(connections.map(({ written }) => written.toString())).toEqual(['HELLO\r\n'])
  })

  test('refuses a recording with too many places to cut, and one with an invalid line', async () => {
    const long: Recording = [{ atMs: 0, connection: 1, what: 'received', bytes: Buffer.alloc(1000) }]
    await expect(replay(long, Factory.forProtocol(Upper), { maxPlays: 500 })).rejects.toThrow(
      "Cannot cut this recording in 1001 places: raise maxPlays, or pass cuts: 'bytes'",
    )
    const folder = await mkdtemp(join(tmpdir(), 'ropewalk-replay-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'wrong.jsonl')
    await writeFile(path, `${RECORDING.map(formatRecordedEvent).join('\n')}\nnonsense\n`)
    await expect(replay(path, Factory.forProtocol(Upper))).rejects.toThrow(
      'Cannot read line 3 of the recording',
    )
  })
})

test('the message of a failed replay contains how the recording was cut, and why it failed', () => {
  const cause = new Error('cause')
  const failed = new ReplayFailed('cut at every byte', 'nothing came', { cause })
  expect([failed.message, failed.cut, failed.cause]).toEqual([
    'The recording, cut at every byte: nothing came',
    'cut at every byte',
    cause,
  ])
})
