import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createReactor, type Reactor } from '@ropewalk/core'
import { WebSocketClientEndpoint, WebSocketClientFactory, WebSocketProtocol } from '@ropewalk/websocket'
import type { EchoClient } from '../run/fuzzing-server.ts'

/** The example `websocket-echo`, in a process of its own. */
export class EchoExample {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  /** Starts it on a free port, and waits until it listens. `options` are arguments of the program. */
  static async start(...options: readonly string[]): Promise<EchoExample> {
    const args = [...TYPESCRIPT, ECHO, '0', '--max-message-bytes', String(MAX_BYTES), ...options]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    const exited = once(child, 'exit').then(([code]) => {
      throw new Error(`${ECHO} ended with ${String(code)}: ${errors}`)
    })
    exited.catch(() => undefined)
    for (let output = ''; ;) {
      const [data] = (await Promise.race([once(child.stdout, 'data'), exited])) as [Buffer]
      output += data.toString()
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(output) ?? []
      if (port !== undefined) return new EchoExample(child, `ws://127.0.0.1:${port}/`)
    }
  }

  /** Stops it. */
  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGINT')
    await exited
  }
}

/** A reactor with clients of `@ropewalk/websocket` that echo. */
export class RopewalkClients {
  readonly #reactor: Reactor = createReactor({ log: [] })
  readonly #running: Promise<unknown>

  constructor() {
    this.#running = this.#reactor.run({ installSignalHandlers: false })
  }

  /** The client for the suite. It offers compression to the cases that need it. */
  readonly echo: EchoClient = async (url, { deflate }) => {
    const options = { maxMessageBytes: MAX_BYTES, deflate: deflate !== undefined }
    const endpoint = new WebSocketClientEndpoint(this.#reactor, url, options)
    const { closed } = await endpoint.connect(WebSocketClientFactory.forProtocol(Echo))
    await closed
  }

  /** Ends all connections. */
  async stop(): Promise<void> {
    await this.#reactor.stop()
    await this.#running
  }
}

/** Echoes, and waits when the peer does not read. */
class Echo extends WebSocketProtocol {
  readonly closed: Promise<void>
  #ended: () => void = () => undefined

  constructor() {
    super()
    this.closed = new Promise((resolve) => (this.#ended = resolve))
  }

  override textMessageReceived(text: string): Promise<unknown> | undefined {
    return this.transport.sendTextMessage(text) === 'queued' ? this.transport.drained() : undefined
  }

  override bytesMessageReceived(data: Buffer): Promise<unknown> | undefined {
    return this.transport.sendBytesMessage(data) === 'queued' ? this.transport.drained() : undefined
  }

  override connectionLost(): void {
    this.#ended()
  }
}

const ECHO = fileURLToPath(new URL('../../../../examples/websocket-echo.ts', import.meta.url))
/** The flags with which Node runs TypeScript: none from Node 22.18 on. */
const TYPESCRIPT: readonly string[] = 'typescript' in process.features ? [] : ['--import', 'tsx']
const MAX_BYTES = 16 << 20
