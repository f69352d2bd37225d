import { expect, test } from 'vitest'
import { type TrafficEntry, TrafficLog } from '../../src/policy/traffic-log.ts'
import { PolicedServer } from './policies.ts'

test('TrafficLog logs both directions of every connection, and its end', async () => {
  const entries: TrafficEntry[] = []
  const server = await PolicedServer.listen({ policies: [new TrafficLog((entry) => entries.push(entry))] })
  const client = server.connect()
  client.transport.write('hello')
  server.reactor.pump()
  client.transport.loseConnection()
  server.reactor.pump()
  expect(entries.map(({ what, data, reason }) => [what, data?.toString() ?? reason?.name])).toEqual([
    ['accepted', undefined],
    ['received', 'hello'],
    ['written', 'hello'],
    ['closed', 'ConnectionDone'],
  ])
  expect(new Set(entries.map(({ connection }) => connection)).size).toBe(1)
})
