// A client for lines that reconnects whenever its connection is lost. It sends hello, prints the lines it
// receives, and stops at the line bye. Start and stop examples/chat-lines.ts, and try it with:
// npm run example examples/reconnecting-client.ts tcp:127.0.0.1:8080
import { Factory, LineReceiver, reactor } from '@ropewalk/core'
import { clientFromString } from '@ropewalk/core/endpoints'
import { backoffPolicy, ClientService, runServices } from '@ropewalk/core/services'

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
  // The first retry comes after about 50 ms, later ones up to 2 s apart. Each wait is logged with its reason.
  const retryPolicy = backoffPolicy({ initialDelayMs: 50, maxDelayMs: 2000, jitterMs: 50 })
  await runServices(new ClientService(endpoint, Factory.forProtocol(Greeting), { reactor, retryPolicy }))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
