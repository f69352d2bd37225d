import { describe, expect, test } from 'vitest'
import type { ConnectionPolicy } from '../../src/contracts/policy.ts'
import { ConnectionAborted } from '../../src/errors.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { Watches } from '../../src/transport/watches.ts'
import { PolicedServer } from '../policy/policies.ts'

describe('Watches', () => {
  test('is nobody when no policy watches', () => {
    const transport = StringTransport.connect(new Recorder())
    expect(Watches.over(transport, [], () => undefined)).toBeUndefined()
    expect(Watches.over(transport, [{ accepted: () => undefined }], () => undefined)).toBeUndefined()
  })

  test.each(['accepted', 'received', 'written', 'closed'] as const)(
    'keeps a fault in %s within its connection',
    async (where) => {
      const fault = new Error(`a policy failed in ${where}`)
      const fail = (): never => {
        throw fault
      }
      const policy: ConnectionPolicy = {
        accepted: where === 'accepted' ? fail : () => ({ [where]: fail }),
      }
      const server = await PolicedServer.listen({ policies: [policy] })
      const client = server.connect()
      client.transport.write('x')
      server.reactor.pump()
      client.transport.loseConnection()
      server.reactor.pump()
      const [served] = server.served
      expect(server.reactor.logged.map(({ error }) => error)).toContain(fault)
      expect(served?.losses.length).toBe(1)
      if (where !== 'closed')
        expect(served?.reason).toMatchObject({ name: ConnectionAborted.name, cause: fault })
      expect([...server.reactor.connections]).toEqual([])
    },
  )
})
