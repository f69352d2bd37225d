import { describe, expect, test } from 'vitest'
import { allCases } from '../src/cases.ts'
import { REDUCED } from '../src/cases/limits.ts'
import { EchoExample, RopewalkClients } from '../src/parties/ropewalk-parties.ts'
import { startWSServer, wsClient } from '../src/parties/ws-parties.ts'
import { counts, exceptions } from '../src/run/report.ts'
import { suiteForClient, suiteForServer } from '../src/run/suite.ts'

const cases = allCases(REDUCED)
const compressed = cases.filter(({ deflate }) => deflate !== undefined)
const parameters = compressed.filter(({ id }) => id.startsWith('13.'))
const plain = cases.filter(({ deflate }) => deflate === undefined)
/** `ws` checks UTF-8 when a message is complete, so that it is not strict in these. */
const NOT_STRICT = ['6.4.1', '6.4.2', '6.4.3', '6.4.4']

describe('the conformance suite', { timeout: 60_000 }, () => {
  test('has each of the 517 cases of the list once', () => {
    const ofSection = (number: number): number => cases.filter(({ id }) => id.startsWith(`${number}.`)).length
    expect([1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13].map(ofSection)).toEqual([
      16, 11, 7, 10, 20, 145, 37, 54, 1, 90, 126,
    ])
    expect(new Set(cases.map(({ id }) => id)).size).toBe(517)
  })

  test('passes Ropewalk as a server in every case', async () => {
    const example = await EchoExample.start('--deflate')
    try {
      const results = await suiteForServer(example.url, cases)
      expect(exceptions(results)).toEqual([])
      expect(counts(results)).toMatchObject({ OK: 514, INFORMATIONAL: 3 })
    } finally {
      await example.stop()
    }
  })

  test('passes Ropewalk as a client in every case', async () => {
    const clients = new RopewalkClients()
    try {
      const results = await suiteForClient(clients.echo, cases)
      expect(exceptions(results)).toEqual([])
      expect(counts(results)).toMatchObject({ OK: 514, INFORMATIONAL: 3 })
    } finally {
      await clients.stop()
    }
  })

  test('finds that ws as a server is not strict in four cases, and passes it in the others', async () => {
    const server = await startWSServer({ perMessageDeflate: true })
    try {
      const results = await suiteForServer(server.url, [...plain, ...parameters])
      expect(exceptions(results).map((line) => line.split(':', 1)[0])).toEqual(
        NOT_STRICT.map((id) => `${id} NON-STRICT`),
      )
      expect(counts(results)).toMatchObject({ OK: 294 + 126, INFORMATIONAL: 3 })
    } finally {
      await server.stop()
    }
  })

  test('finds that ws as a client is not strict in four cases, and passes its compression', async () => {
    const results = await suiteForClient(wsClient, [
      ...plain.filter(({ id }) => NOT_STRICT.includes(id)),
      ...parameters,
    ])
    expect(exceptions(results).map((line) => line.split(':', 1)[0])).toEqual(
      NOT_STRICT.map((id) => `${id} NON-STRICT`),
    )
  })

  test('fails a server that does not check UTF-8', async () => {
    const server = await startWSServer({ skipUTF8Validation: true })
    try {
      const results = await suiteForServer(
        server.url,
        plain.filter(({ id }) => /^6\.(?:3|8|20)\./.test(id)),
      )
      expect(counts(results)).toMatchObject({ OK: 0, FAILED: 2 + 2 + 7 })
    } finally {
      await server.stop()
    }
  })

  test('reports compression that a server declines as unimplemented', async () => {
    const server = await startWSServer()
    try {
      const results = await suiteForServer(server.url, compressed.slice(0, 3))
      expect(counts(results).UNIMPLEMENTED).toBe(3)
    } finally {
      await server.stop()
    }
  })
})
