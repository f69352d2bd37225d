// How much memory a server needs for a client that does not read the 256 MiB that it is sent.
// Usage: npm run bench:slow-reader -- [--packed]
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { flag, runProgram } from './command-line.ts'
import { Installation } from './installation.ts'
import { ServerProcess } from './server-process.ts'

const WAIT_MS = 4000
const FATE_MS = 500
const MEBIBYTE = 1_048_576
const TOTAL_BYTES = 256 * MEBIBYTE

await runProgram(
  {
    command: 'npm run bench:slow-reader',
    about: [
      'Measures how much memory a server needs for a client that does not read the 256 MiB that it is sent.',
    ],
    options: { packed: flag('Uses the packages in .pack/ as they are, without building them.') },
  },
  async ({ packed }) => {
    const installation = Installation.prepare({ peers: false, packed })
    const flood = (file: string, ...args: readonly string[]): readonly string[] => [
      installation.server(file),
      ...args,
    ]
    await measure('node:net, the result of write ignored', flood('flood-node-net.mjs'))
    await measure('Ropewalk, the result of write ignored', flood('flood-ropewalk.mjs', 'ignores'))
    await measure('Ropewalk, await writer.write()', flood('flood-ropewalk.mjs', 'waits'))
  },
)

async function measure(what: string, [program = '', ...args]: readonly string[]): Promise<void> {
  const server = await ServerProcess.start((port) => [process.execPath, program, String(port), ...args])
  try {
    const before = server.residentBytes()
    const client = connect({ port: server.port, host: '127.0.0.1' })
    client.pause()
    let fate = 'still connected'
    client.on('error', () => undefined)
    client.on('close', () => {
      if (client.bytesRead < TOTAL_BYTES) fate = 'connection aborted'
    })
    await once(client, 'connect')
    await sleep(WAIT_MS)
    const grown = Math.round((server.peakBytes() - before) / MEBIBYTE)
    // Only a client that reads is notified of the end.
    client.resume()
    await sleep(FATE_MS)
    console.log(`${what.padEnd(42)}${String(grown).padStart(5)} MiB more at the peak, ${fate}`)
    client.destroy()
  } finally {
    await server.stop()
  }
}
