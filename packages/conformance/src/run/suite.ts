import { Sources } from '../cases/sources.ts'
import type { TestCase } from '../cases/test-case.ts'
import { testServer } from './fuzzing-client.ts'
import { type EchoClient, FuzzingServer } from './fuzzing-server.ts'
import { WAITS } from './run-case.ts'
import type { Result } from './verdict.ts'

/** Runs cases against a server that echoes; returns their results in order. */
export function suiteForServer(url: string, cases: readonly TestCase[]): Promise<readonly Result[]> {
  const sources = new Sources()
  return inParallel(cases, (testCase) => testServer(new URL(url), testCase, sources, WAITS))
}

/** Runs cases against a client that echoes; returns their results in order. */
export async function suiteForClient(
  client: EchoClient,
  cases: readonly TestCase[],
): Promise<readonly Result[]> {
  const server = await FuzzingServer.start()
  const sources = new Sources()
  try {
    return await inParallel(cases, (testCase) => server.test(client, testCase, sources, WAITS))
  } finally {
    await server.stop()
  }
}

async function inParallel(
  cases: readonly TestCase[],
  run: (testCase: TestCase) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const waiting = Array.from(cases.entries())
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, testCase] = next
      results[at] = await run(testCase)
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))
  return results
}

/** Connections at a time: most cases wait for the peer. */
const WORKERS = 4
