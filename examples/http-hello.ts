// Responds to GET / with a greeting. Try it with: curl http://127.0.0.1:8080/
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { type Request, Resource, Site } from '@ropewalk/http'

class Hello extends Resource {
  override render_GET(request: Request): string {
    request.setHeader('Content-Type', 'text/plain')
    return 'Hello, world!'
  }
}

try {
  const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
  const port = await endpoint.listen(new Site(new Hello()))
  reactor.callWhenRunning(() =>
    console.log(`Listening on http://${formatAddress(port.getHost())}/. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
