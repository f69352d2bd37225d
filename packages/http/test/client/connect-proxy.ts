import { Factory, LineReceiver, Protocol } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'

/** A proxy for CONNECT. It records the heads of the requests, and sends `refusal` instead of a tunnel if it is set. */
export class ConnectProxy extends Factory {
  readonly heads: (readonly string[])[] = []
  refusal: string | undefined

  override buildProtocol(): Protocol {
    return new ProxyClient(this)
  }
}

class ProxyClient extends LineReceiver {
  readonly #proxy: ConnectProxy
  #head: string[] = []

  constructor(proxy: ConnectProxy) {
    super()
    this.#proxy = proxy
  }

  override lineReceived(line: Buffer): Promise<void> | undefined {
    if (line.length > 0) {
      this.#head.push(line.toString('latin1'))
      return undefined
    }
    this.#proxy.heads.push(this.#head)
    return this.#tunnel()
  }

  async #tunnel(): Promise<void> {
    const { refusal } = this.#proxy
    if (refusal !== undefined) {
      this.transport.write(refusal)
      return
    }
    const [, host = '', port = ''] =
      /^CONNECT \[?([^\]\s]+?)\]?:(\d+) HTTP\/1\.1$/.exec(this.#head[0] ?? '') ?? []
    const far = new Relay()
    await connectProtocol(new TCPClientEndpoint(this.transport.reactor, host, Number(port)), far)
    const near = new Relay()
    near.other = far
    far.other = near
    this.transport.write('HTTP/1.1 200 Connected\r\nVia: test\r\n\r\n')
    this.transport.switchProtocol(near)
  }
}

class Relay extends Protocol {
  other: Relay | undefined

  override dataReceived(data: Buffer): void {
    this.other?.transport.write(data)
  }

  readConnectionLost(): void {
    this.other?.transport.loseWriteConnection()
  }

  override connectionLost(): void {
    this.other?.transport.loseConnection()
  }
}
