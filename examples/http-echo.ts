// Sends the body of a POST back as it arrives. Try it with:
// curl --data-binary @README.md http://127.0.0.1:8080/echo
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { type Request, type RequestBody, Resource, Site } from '@ropewalk/http'

class Index extends Resource {
  override render_GET(request: Request): string {
    request.setHeader('Content-Type', 'text/plain')
    return 'POST something to /echo\n'
  }
}

class Echo extends Resource {
  // The body is read only as fast as the client reads the response, so that memory stays bounded.
  override render_POST(request: Request): RequestBody {
    request.setHeader('Content-Type', request.getHeader('Content-Type') ?? 'application/octet-stream')
    return request.body
  }
}

const root = new Index()
root.putChild('echo', new Echo())

try {
  const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
  const port = await endpoint.listen(new Site(root, { maxBodyBytes: Infinity }))
  reactor.callWhenRunning(() =>
    console.log(`Listening on http://${formatAddress(port.getHost())}/. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
