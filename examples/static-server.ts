// Serves the files of a directory: listings, ranges, conditional requests, compression, an access log. Try it with:
// npm run example examples/static-server.ts tcp:8080:interface=127.0.0.1 docs
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { combinedLog, Site } from '@ropewalk/http'
import { compressed } from '@ropewalk/http/resources'
import { File } from '@ropewalk/http/static'

const [where = 'tcp:8080:interface=127.0.0.1', directory = '.'] = process.argv.slice(2)

try {
  const files = new File(directory, {
    directoryListing: true,
    precompressed: ['br', 'zstd', 'gzip'],
    cacheControl: 'no-cache',
  })
  const accessLog = combinedLog((line) => process.stdout.write(line))
  const port = await serverFromString(reactor, where).listen(new Site(compressed(files), { accessLog }))
  reactor.callWhenRunning(() =>
    console.log(`Serving ${directory} on http://${formatAddress(port.getHost())}/. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
