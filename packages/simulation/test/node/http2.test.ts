import http2 from 'node:http2'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { install } from '../../src/node.ts'

install()

test('sessions that are open at the end of a scenario are freed', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const sessions: WeakRef<object>[] = []
  await simulateAll(
    async (sim) => {
      sim.node('server', () => {
        const server = http2.createServer().on('stream', (stream) => {
          sessions.push(new WeakRef(stream.session as object))
          stream.respond({ ':status': 200 })
          stream.write('the rest follows later')
        })
        server.listen(80)
      })
      sim.node('client', () => {
        const session = http2.connect('http://server')
        sessions.push(new WeakRef(session))
        session.request({ ':path': '/' }).resume()
      })
      await sim.run(1_000)
    },
    { runs: 3, swarm: false },
  )
  for (let turn = 0; turn < 10; turn++) {
    await nextTurn()
    collectGarbage()
  }
  expect(sessions).toHaveLength(6)
  expect(sessions.map((session) => session.deref()?.constructor.name)).toEqual(sessions.map(() => undefined))
})
