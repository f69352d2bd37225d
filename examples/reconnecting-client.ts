// Stays connected to a server of lines, whenever that is there: says hello, prints what comes, leaves when told bye.
// Try it with: npm run example examples/reconnecting-client.ts tcp:127.0.0.1:8080, and start and stop examples/chat-lines.ts
import {
  backoffPolicy,
  clientFromString,
  ClientService,
  Factory,
  LineReceiver,
  reactor,
  runServices,
} from '@ropewalk/core'

class Greeting extends LineReceiver {
  override connectionMade(): void {
    console.log('Connected')
    this.sendLine('hello')
  }

  override lineReceived(line: Buffer): void {
    console.log(line.toString())
    if (line.toString() === 'bye') void reactor.stop()
  }

  override connectionLost(): void {
    console.log('Disconnected')
  }
}

try {
  const endpoint = clientFromString(reactor, process.argv[2] ?? 'tcp:127.0.0.1:8080')
  // Soon again at first, then every other second; what it waits for is told in the log.
  const retryPolicy = backoffPolicy({ initialDelayMs: 50, maxDelayMs: 2000, jitterMs: 50 })
  await runServices(new ClientService(endpoint, Factory.forProtocol(Greeting), { reactor, retryPolicy }))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
