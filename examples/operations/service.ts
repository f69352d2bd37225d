// A service as it is deployed: GET / names its client, /healthz and /readyz are for load balancers, and a
// WebSocket at /echo. Usage: service.ts [ENDPOINT]. TRUSTED_PROXIES lists the proxies in front of it.
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { combinedLog, HTTPError, Resource, Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'

class Echo extends WebSocketProtocol {
  override async textMessageReceived(text: string) {
    if (this.transport.sendTextMessage(text) !== 'sent') await this.transport.drained()
  }
}

const root = new Resource()
root.route('GET /', (request) => {
  const client = request.getClientAddress()
  return { client: client.type === 'TCP' ? client.host : 'unix', secure: request.isSecure() }
})
root.route('GET /healthz', () => ({ ok: true }))
root.route('GET /readyz', () => {
  // A stop waits `delayMs` before it closes the port, so that the load balancer notices.
  if (reactor.stopping) throw new HTTPError(503, 'The server stops')
  return { ready: true }
})
root.putChild('echo', WebSocketResource.forProtocol(Echo))

const trustedProxies = (process.env['TRUSTED_PROXIES'] ?? '').split(' ').filter((proxy) => proxy !== '')
const accessLog = combinedLog((line) => process.stdout.write(line))
const site = new Site(root, { trustedProxies, accessLog })
try {
  const port = await serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1').listen(site)
  reactor.callWhenRunning(() => console.log(`Listening on ${formatAddress(port.getHost())}`))
  const delayMs = Number(process.env['STOP_DELAY_MS'] ?? 0)
  const { aborted } = await reactor.run({ stop: { delayMs, drainMs: 20_000 } })
  process.exitCode = aborted.length === 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
