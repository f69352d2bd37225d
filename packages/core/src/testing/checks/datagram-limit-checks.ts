import type { LogEvent } from '../../interfaces/log.ts'
import type { DatagramCheck } from '../datagram-harness.ts'
import { equal } from './assertions.ts'
import { DatagramRecorder } from './datagram-recorder.ts'
import { Gate } from './gate.ts'

/** What a UDP port promises to drop, count, and say once. */
export const datagramLimitChecks: readonly DatagramCheck[] = [
  {
    name: 'drops what is longer than maxPacketBytes, instead of cutting it (statement 135 changed)',
    run: async ({ listen, until, logged }) => {
      const server = new DatagramRecorder()
      const port = await listen(0, server, { maxPacketBytes: 10 })
      const client = await listen(0, new DatagramRecorder())
      for (const bytes of [11, 5000, 10]) client.write(Buffer.alloc(bytes, 'x'), port.getHost())
      await until(() => server.datagrams.length === 1)
      equal(server.texts, ['xxxxxxxxxx'], 'what came')
      const { unsent, late, failed, tooLong, unread } = port.drops
      equal([unsent, late, failed, tooLong, unread], [0, 0, 0, 2, 0], 'what was dropped')
      equal(warnings(logged), ['Dropped a datagram that is longer than maxPacketBytes'], 'warnings')
    },
  },
  {
    name: 'drops what is written beyond maxBufferedBytes, and says so',
    run: async ({ listen, until, logged }) => {
      const server = new DatagramRecorder()
      const { host, port } = (await listen(0, server)).getHost()
      const client = await listen(0, new DatagramRecorder(), { maxBufferedBytes: 10 })
      equal(client.write('eleven bytes', { host, port }), false, 'a write beyond the bound')
      equal(client.write('ten bytes.', { host, port }), true, 'a write within')
      await until(() => server.datagrams.length === 1)
      equal(server.texts, ['ten bytes.'], 'what came')
      equal([client.drops.unsent, warnings(logged).length], [1, 1], 'drops and warnings')
    },
  },
  {
    name: 'delivers while promises are pending, up to maxPending of them',
    run: async ({ listen, until, quiet, logged }) => {
      const [gate, server] = [new Gate(), new DatagramRecorder()]
      class Busy extends DatagramRecorder {
        override datagramReceived(data: Buffer): Promise<void> {
          this.datagrams.push(data)
          return gate.opened
        }
      }
      const busy = new Busy()
      const port = await listen(0, busy, { maxPending: 2 })
      const client = await listen(0, server)
      for (const text of ['one', 'two', 'three', 'four']) client.write(text, port.getHost())
      await until(() => port.drops.unread === 2)
      equal([busy.texts.join(), warnings(logged).length], ['one,two', 1], 'what came, and warnings')
      gate.open()
      await quiet()
      client.write('five', port.getHost())
      await until(() => busy.texts.length === 3)
      equal(busy.texts, ['one', 'two', 'five'], 'what came')
    },
  },
]

function warnings(logged: readonly LogEvent[]): string[] {
  return logged.filter(({ level }) => level === 'warn').map(({ text }) => text)
}
