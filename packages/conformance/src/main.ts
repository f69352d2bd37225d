// Runs the conformance suite in full, prints its tables, and writes them to docs/conformance.md.
// Usage: npm run conformance -- [--reduced | --messages N] [--sections 1,2,…] [--server URL | --client 'COMMAND {url}']
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { allCases } from './cases.ts'
import { FULL, REDUCED } from './cases/limits.ts'
import type { TestCase } from './cases/test-case.ts'
import { EchoExample, RopewalkClients } from './parties/ropewalk-parties.ts'
import { startWSServer, wsClient } from './parties/ws-parties.ts'
import type { EchoClient } from './run/fuzzing-server.ts'
import { document, exceptions, isConformant, type Report, table } from './run/report.ts'
import { suiteForClient, suiteForServer } from './run/suite.ts'
import type { Result } from './run/verdict.ts'

const { values } = parseArgs({
  options: {
    reduced: { type: 'boolean', default: false },
    messages: { type: 'string', default: String(FULL.messages) },
    sections: { type: 'string' },
    server: { type: 'string' },
    client: { type: 'string' },
  },
})

/** The most cases that are listed. */
const MAX_LINES = 30
const sections = values.sections?.split(',')
const scale = values.reduced ? REDUCED : { ...FULL, messages: Number(values.messages) }
const cases = allCases(scale).filter(
  ({ id }) => sections === undefined || sections.includes(id.split('.', 1)[0] ?? ''),
)

/** Runs the suite once, and prints what it found. */
async function reported(
  peer: string,
  run: (cases: readonly TestCase[]) => Promise<readonly Result[]>,
): Promise<Report> {
  console.log(`\n${peer}`)
  const start = performance.now()
  const results = await run(cases)
  console.log(table(results))
  for (const line of exceptions(results).slice(0, MAX_LINES)) console.log(line)
  console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`)
  return { peer, results }
}

/** Any command that connects to the URL, echoes, and ends with its connection. */
function commandClient(command: string): EchoClient {
  return async (url) => {
    const child = spawn(command.replaceAll('{url}', url), {
      shell: true,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await once(child, 'exit')
  }
}

async function ropewalkServer(): Promise<Report> {
  const example = await EchoExample.start('--deflate')
  try {
    return await reported('Ropewalk as server', (all) => suiteForServer(example.url, all))
  } finally {
    await example.stop()
  }
}

async function ropewalkClient(): Promise<Report> {
  const clients = new RopewalkClients()
  try {
    return await reported('Ropewalk as client', (all) => suiteForClient(clients.echo, all))
  } finally {
    await clients.stop()
  }
}

async function wsServer(): Promise<Report> {
  const echo = await startWSServer({ perMessageDeflate: true })
  try {
    return await reported('ws as server', (all) => suiteForServer(echo.url, all))
  } finally {
    await echo.stop()
  }
}

const { server, client } = values
if (server !== undefined) await reported(server, (all) => suiteForServer(server, all))
else if (client !== undefined) await reported(client, (all) => suiteForClient(commandClient(client), all))
else {
  const reports = [
    await ropewalkServer(),
    await ropewalkClient(),
    await wsServer(),
    await reported('ws as client', (all) => suiteForClient(wsClient, all)),
  ]
  if (!values.reduced && sections === undefined) {
    const path = fileURLToPath(new URL('../../../docs/conformance.md', import.meta.url))
    await writeFile(path, document(reports, scale.messages))
  }
  if (!reports.slice(0, 2).every(({ results }) => isConformant(results))) process.exitCode = 1
}
