import type { StopReport } from '@ropewalk/core'
import type { Place, Script } from '../place.ts'
import { Witnesses } from '../witness.ts'

/** The stop of a reactor. */
export const STOPPING: readonly Script[] = [
  {
    name: 'connections with nothing to finish are closed',
    machines: 2,
    async play(place) {
      const running = run(place)
      const pair = await place.pair()
      await report(place, place.server.stop())
      await place.until(() => pair.client.gone && pair.server.gone)
      await running
    },
  },
  {
    name: 'a protocol finishes its work',
    machines: 2,
    async play(place) {
      const running = run(place)
      let finish: (value?: unknown) => void = () => undefined
      const pair = await place.pair({
        server: {
          drain: () => new Promise((resolve) => (finish = resolve)),
          data: ({ transport }) => {
            transport.write('reply')
            finish()
          },
        },
      })
      const stopping = report(place, place.server.stop())
      const late = place.connect(pair.port, new Witnesses(place.journal, 'late'))
      await place.journal.settled('late', 'connecting', late.whenConnected())
      place.journal.note('script', `stopping ${place.server.stopping}, running ${place.server.running}`)
      pair.client.write('?')
      await stopping
      await place.until(() => pair.client.gone && pair.server.gone)
      await running
      place.journal.note('script', `stopping ${place.server.stopping}, running ${place.server.running}`)
    },
  },
  {
    name: 'a protocol does not finish before the deadline',
    machines: 2,
    async play(place) {
      const running = run(place)
      const pair = await place.pair({ server: { drain: () => new Promise(() => undefined) } })
      await report(place, place.server.stop({ drainMs: 40 }))
      await place.until(() => pair.client.gone && pair.server.gone)
      await running
    },
  },
  {
    name: 'triggers run in their order',
    machines: 2,
    async play(place) {
      const running = run(place)
      for (const phase of ['after', 'during', 'before'] as const)
        place.server.addSystemEventTrigger(phase, 'shutdown', async () => {
          await Promise.resolve()
          place.journal.note('triggers', phase)
        })
      const pair = await place.pair({
        server: { lost: () => place.journal.note('triggers', 'connectionLost') },
      })
      await report(place, place.server.stop())
      await running
      await place.until(() => pair.client.gone)
      await place.journal.settled('script', 'stop again', place.server.stop())
    },
  },
  {
    name: 'an attempt to connect is cancelled',
    machines: 2,
    async play(place) {
      const running = run(place)
      const port = await place.listen(new Witnesses(place.journal, 'server'))
      const asking = new Witnesses(place.journal, 'client', {
        attemptFailed: (connector) => connector.connect(),
      })
      const connector = place.server.connectTCP(place.address, port.getHost().port, asking)
      await Promise.all([
        place.journal.settled('connecting', 'connecting', connector.whenConnected()),
        report(place, place.server.stop({ drainMs: 0 })),
      ])
      await running
      place.journal.drop('server', 'factory of server')
    },
  },
]

function run(place: Place): Promise<unknown> {
  return place.server.run({ installSignalHandlers: false })
}

/** Notes how many connections have finished and how many were aborted. */
async function report(place: Place, stopping: Promise<StopReport>): Promise<void> {
  const { completed, aborted, signal } = await stopping
  place.journal.note('script', `${completed.length} completed, ${aborted.length} aborted, signal ${signal}`)
}
