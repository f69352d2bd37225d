import { Factory, LineReceiver, type Protocol, type Transport } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { Outgoing, Relay } from '../port-forward.ts'

/** A proxy for CONNECT that requires the credentials `user:pass`. It records the request lines. */
export class ConnectProxy extends Factory {
  readonly requests: string[] = []

  override buildProtocol(): Protocol {
    return new ProxyClient(this)
  }
}

class ProxyClient extends LineReceiver {
  readonly #proxy: ConnectProxy
  readonly #head: string[] = []

  constructor(proxy: ConnectProxy) {
    super()
    this.#proxy = proxy
  }

  override lineReceived(line: Buffer): Promise<void> | undefined {
    if (line.length === 0) return this.#tunnel()
    this.#head.push(line.toString('latin1'))
    return undefined
  }

  async #tunnel(): Promise<void> {
    const [request = ''] = this.#head
    this.#proxy.requests.push(request)
    if (!this.#head.includes(`Proxy-Authorization: Basic ${btoa('user:pass')}`)) {
      this.transport.write('HTTP/1.1 407 Who are you\r\nContent-Length: 5\r\n\r\nlogin')
      return
    }
    const [, host = '', port = ''] = /^CONNECT (.*):(\d+) HTTP\/1\.1$/.exec(request) ?? []
    const tunnel = this.transport
    const join = (far: Transport): void => {
      tunnel.write('HTTP/1.1 200 Connected\r\n\r\n')
      tunnel.switchProtocol(new Relay(far))
    }
    await connectProtocol(
      new TCPClientEndpoint(tunnel.reactor, host, Number(port)),
      new Outgoing(tunnel, join),
    )
  }
}
