// How much memory a server needs for a client that does not read the 256 MiB it writes, on built code:
//
//   npm run bench:slow-reader --prefix packages/core
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerProcess } from './server-process.ts'

const WAIT_MS = 4000
const MEBIBYTE = 1_048_576

await measure('node:net, the result of write ignored', 'flood-node-net', [])
await measure('Ropewalk, the result of write ignored', 'flood-ropewalk', ['ignores'])
await measure('Ropewalk, await writer.write()', 'flood-ropewalk', ['waits'])

async function measure(what: string, name: string, args: readonly string[]): Promise<void> {
  const server = await ServerProcess.start(name, { args })
  const before = await server.usage()
  const client = connect({ port: server.port, host: '127.0.0.1' })
  client.pause()
  client.on('error', () => undefined)
  await once(client, 'connect')
  let peakBytes = 0
  let last = before
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += 100) {
    await sleep(100)
    last = await server.usage()
    peakBytes = Math.max(peakBytes, last.rssBytes)
  }
  const grown = Math.round((peakBytes - before.rssBytes) / MEBIBYTE)
  const fate = last.connections === 0 ? 'connection aborted' : 'still connected'
  console.log(`${what.padEnd(42)}${String(grown).padStart(5)} MiB more at the peak, ${fate}`)
  client.destroy()
  await server.stop()
}
