// Sends every datagram back. Try it with: nc -u 127.0.0.1 8080
import { formatAddress, reactor } from '@ropewalk/core'
import { DatagramProtocol, type UDPAddress } from '@ropewalk/core/udp'

class Echo extends DatagramProtocol {
  override datagramReceived(data: Buffer, address: UDPAddress): void {
    this.transport.write(data, address)
  }
}

try {
  const portNumber = Number(process.argv[2] ?? 8080)
  const port = await reactor.listenUDP(portNumber, new Echo(), { interface: '127.0.0.1' })
  reactor.callWhenRunning(() =>
    console.log(`Listening on ${formatAddress(port.getHost())}. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
