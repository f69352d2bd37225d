// Usage: main.ts [ENDPOINT OF THE SITE [ENDPOINT OF THE LINE PROTOCOL]], such as tcp:9000:interface=127.0.0.1.
// Without `interface` a port is reachable from every network.
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { LineFactory, Room, site } from './room.ts'

const [web = 'tcp:8080:interface=127.0.0.1', lines = 'tcp:8023:interface=127.0.0.1'] = process.argv.slice(2)
try {
  const room = new Room()
  const webPort = await serverFromString(reactor, web).listen(site(room))
  const linePort = await serverFromString(reactor, lines).listen(new LineFactory(room))
  reactor.callWhenRunning(() => {
    console.log(`The site:          http://${formatAddress(webPort.getHost())}/`)
    console.log(`Its WebSocket:     ws://${formatAddress(webPort.getHost())}/room`)
    console.log(`The line protocol: ${formatAddress(linePort.getHost())}`)
    console.log('Press Ctrl-C to stop.')
  })
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
