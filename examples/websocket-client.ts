// A WebSocket client for the terminal: sends each line you type, and prints what it receives. Ctrl-D closes it. With
// --echo it sends back what it receives instead. Usage: websocket-client.ts URL [--echo] [--subprotocol NAME]...
// Start examples/websocket-echo.ts, and try it with: npm run example examples/websocket-client.ts ws://127.0.0.1:8080/
import { parseArgs } from 'node:util'
import { type HalfCloseable, LineReceiver, react } from '@ropewalk/core'
import { ExitCode } from '@ropewalk/core/process'
import { ConnectionRejected, type ConnectedWebSocket, connectWebSocket } from '@ropewalk/websocket'

/** Standard input: each line is a message. */
class Typed extends LineReceiver implements HalfCloseable {
  override delimiter = Buffer.from('\n')
  readonly #socket: ConnectedWebSocket

  constructor(socket: ConnectedWebSocket) {
    super()
    this.#socket = socket
  }

  /** While the server reads slowly, the returned promise holds further lines, so that memory stays bounded. */
  override lineReceived(line: Buffer): Promise<unknown> {
    return this.#socket.send(line.toString())
  }

  readConnectionLost(): void {
    void this.#socket.close()
  }
}

function shown(message: string | Buffer): string {
  return typeof message === 'string' ? message : `${message.length} bytes: ${message.toString('hex', 0, 32)}`
}

function explain(error: unknown): string {
  const body = error instanceof ConnectionRejected ? error.body.toString() : ''
  return [error instanceof Error ? error.message : String(error), ...(body === '' ? [] : [body])].join('\n')
}

async function open(argv: string[]): Promise<{ socket: ConnectedWebSocket; echo: boolean }> {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { echo: { type: 'boolean', default: false }, subprotocol: { type: 'string', multiple: true } },
    })
    const [url] = positionals
    if (url === undefined) throw new Error('Usage: websocket-client.ts URL [--echo] [--subprotocol NAME]...')
    return { socket: await connectWebSocket(url, { subprotocols: values.subprotocol }), echo: values.echo }
  } catch (error) {
    console.error(explain(error))
    throw new ExitCode(2)
  }
}

await react(async (reactor, ...argv) => {
  const { socket, echo } = await open(argv)
  const { subprotocol } = socket.transport
  console.error(`Connected${subprotocol === undefined ? '' : ` with the subprotocol ${subprotocol}`}`)
  if (!echo) reactor.standardIO(new Typed(socket))
  try {
    for await (const message of socket) {
      console.log(shown(message))
      if (echo) await socket.send(message)
    }
    const { code, reason } = await socket.closed
    console.error(`Closed with ${code}${reason === '' ? '' : `: ${reason}`}`)
  } catch (error) {
    console.error(explain(error))
    throw new ExitCode(1)
  }
})
