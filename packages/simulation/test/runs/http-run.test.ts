import { NOT_DONE_YET, HTTPChannel } from '@ropewalk/http'
import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { simulate } from '../../src/vitest.ts'
import { Answers, httpRun } from './http-run.ts'

simulate(
  'HTTP clients that pipeline requests get their responses on a network that misbehaves',
  { runs: 20, link: { lossPerMille: 5 } },
  (sim) => httpRun(sim),
)

test('detects a server that sends one client the response of another', async () => {
  const cache = new Map<string, Buffer>()
  const echo = async (request: { readonly body: { bytes(): Promise<Buffer> } }): Promise<Buffer> => {
    const body = await request.body.bytes()
    cache.set('echo', cache.get('echo') ?? body)
    return cache.get('echo') ?? body
  }
  await expect(
    simulateAll((sim) => httpRun(sim, () => new Answers({ echo })), { shrinkMs: 0 }),
  ).rejects.toThrow(/POST \/echo\/\S+ got the wrong body, of \d+ bytes/)
})

test('detects a server that completes a response that should be cut', async () => {
  const site = (): Answers => new Answers({ broken: () => 'all of it' })
  await expect(simulateAll((sim) => httpRun(sim, site), { shrinkMs: 0 })).rejects.toThrow(
    /GET \/broken\/\S+ got the status 200/,
  )
})

test('detects a server that never responds', async () => {
  const site = (): Answers => new Answers({ later: () => NOT_DONE_YET })
  await expect(simulateAll((sim) => httpRun(sim, site), { shrinkMs: 0 })).rejects.toThrow(
    /has no response to \/later\/\S+, long after the last fault|has not closed the connection HTTPChannel/,
  )
})

test('detects a server whose requests outlive their connections', async () => {
  class Deaf extends HTTPChannel {
    override connectionLost(): void {}
  }
  class DeafAnswers extends Answers {
    override buildProtocol(): HTTPChannel {
      const channel = new Deaf()
      channel.factory = this
      return channel
    }
  }
  await expect(simulateAll((sim) => httpRun(sim, () => new DeafAnswers()), { shrinkMs: 0 })).rejects.toThrow(
    /(GET|POST) \/\S+ has not ended with its connection/,
  )
})
