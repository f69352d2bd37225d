// Saves the files of forms, for slow-uploads.test.ts: upload-server.ts ENDPOINT DIRECTORY GRACE_MS
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { type Request, Resource, Site } from '@ropewalk/http'

const [where = '', directory = '', graceMs = ''] = process.argv.slice(2)
const uploads = new Set<Request>()
let begun = 0

const root = new Resource()
root.route('GET /received', () => {
  let bytes = 0
  for (const { body } of uploads) bytes += body.receivedBytes
  return { begun, bytes }
})
root.route('POST /', async (request) => {
  begun++
  uploads.add(request)
  void request.finished.then(() => uploads.delete(request))
  const parts: string[] = []
  for await (const part of request.body.parts()) {
    if (part.filename === undefined) parts.push(`${part.name}=${await part.text()}`)
    else {
      const { path } = await part.saveTo(directory)
      const hash = createHash('sha256').update(await readFile(path))
      parts.push(`${part.name}=${hash.digest('hex')}`)
    }
  }
  return parts
})
const port = await serverFromString(reactor, where).listen(new Site(root, { bodyGraceMs: Number(graceMs) }))
reactor.callWhenRunning(() => console.log(`Listening on ${formatAddress(port.getHost())}`))
await reactor.run()
