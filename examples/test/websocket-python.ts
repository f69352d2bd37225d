import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

const PYTHON = '/usr/bin/python3'

/** Whether Python has a package. Warns that tests are skipped when it has not. */
function hasPackage(name: string): boolean {
  try {
    execFileSync(PYTHON, ['-c', `import ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    console.warn(`${PYTHON} has no package ${name}: the tests that need it are skipped`)
    return false
  }
}

/** Whether Python's `websockets` is installed (Debian: python3-websockets). */
export const hasWebsockets: boolean = hasPackage('websockets')
/** Whether Autobahn is installed (Debian: python3-autobahn). */
export const hasAutobahn: boolean = hasPackage('autobahn.asyncio.websocket')

/** A server or client written in Python, in a process of its own. */
export class PythonProgram {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  #output = ''
  #errors = ''

  private constructor(script: string, args: readonly string[]) {
    this.#child = spawn(PYTHON, ['-u', '-c', script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout?.on('data', (data: Buffer) => (this.#output += data.toString()))
    this.#child.stderr?.on('data', (data: Buffer) => (this.#errors += data.toString()))
    // A test that fails before it stops its program must not leave the process running.
    const kill = (): void => void this.#child.kill('SIGKILL')
    process.once('exit', kill)
    this.#exited = once(this.#child, 'close').then(() => process.off('exit', kill))
  }

  /** Runs a program to its end; returns what it printed. */
  static async run(script: string, ...args: readonly string[]): Promise<string> {
    const program = new PythonProgram(script, args)
    await program.#exited
    if (program.#child.exitCode !== 0) throw new Error(program.#errors)
    return program.#output.trim()
  }

  /** Starts a server that prints its port, and waits for it. */
  static async serve(script: string): Promise<PythonProgram> {
    const program = new PythonProgram(script, [])
    while (program.port === 0) {
      if (program.#child.exitCode !== null) throw new Error(program.#errors)
      await Promise.race([once(program.#child.stdout ?? program.#child, 'data'), program.#exited])
    }
    return program
  }

  /** The port that it printed; 0 before. */
  get port(): number {
    return Number(/^(\d+)$/m.exec(this.#output)?.[1] ?? 0)
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}

/** Sends each message twice, expects it back, closes with 1000, and prints the extensions and the close code. */
export const WEBSOCKETS_CLIENT = `
import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], max_size=None, compression='deflate') as ws:
        for message in ['', 'Grüße 😀', 'x' * 70000, b'', bytes(range(256)) * 4096]:
            for _ in range(2):
                await ws.send(message)
                assert await ws.recv() == message
        await ws.send(part for part in ['frag', 'men', 'ted'])
        assert await ws.recv() == 'fragmented'
        await (await ws.ping())
        extensions = ','.join(e.name for e in ws.extensions)
    print(extensions, ws.close_code)
asyncio.run(main())
`

export const WEBSOCKETS_SERVER = `
import asyncio, websockets
async def echo(ws, path=None):
    async for message in ws:
        await ws.send(message)
async def main():
    server = await websockets.serve(echo, '127.0.0.1', 0, max_size=None, compression='deflate')
    print(server.sockets[0].getsockname()[1])
    await asyncio.Future()
asyncio.run(main())
`

const AUTOBAHN = `
import asyncio, sys
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import *
# By default it waits 1 to 5 s, which a busy machine exceeds.
patience = dict(openHandshakeTimeout=60, closeHandshakeTimeout=60)
`

export const AUTOBAHN_CLIENT = `${AUTOBAHN}
messages = [m for m in ['', 'Grüße 😀', 'x' * 70000, b'', bytes(range(256)) * 4096] for _ in range(2)]
class Client(WebSocketClientProtocol):
    def onOpen(self):
        self.left = list(messages)
        self.send()
    def send(self):
        message = self.left[0]
        binary = isinstance(message, bytes)
        self.sendMessage(message if binary else message.encode(), isBinary=binary)
    def onMessage(self, payload, isBinary):
        message = self.left.pop(0)
        assert payload == (message if isBinary else message.encode())
        if self.left: self.send()
        else: self.sendClose(1000)
    def onClose(self, clean, code, reason):
        print(self.websocket_extensions_in_use[0].EXTENSION_NAME, code if not self.left else 'unfinished')
        loop.stop()
factory = WebSocketClientFactory(sys.argv[1])
factory.protocol = Client
def accept(response):
    if isinstance(response, PerMessageDeflateResponse): return PerMessageDeflateResponseAccept(response)
factory.setProtocolOptions(serverConnectionDropTimeout=60, **patience)
factory.setProtocolOptions(perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=accept)
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
factory.loop = loop
loop.run_until_complete(loop.create_connection(factory, factory.host, factory.port))
loop.run_forever()
`

export const AUTOBAHN_SERVER = `${AUTOBAHN}
class Server(WebSocketServerProtocol):
    def onMessage(self, payload, isBinary): self.sendMessage(payload, isBinary=isBinary)
factory = WebSocketServerFactory()
factory.protocol = Server
def accept(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer): return PerMessageDeflateOfferAccept(offer)
factory.setProtocolOptions(perMessageCompressionAccept=accept, **patience)
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
factory.loop = loop
server = loop.run_until_complete(loop.create_server(factory, '127.0.0.1', 0))
print(server.sockets[0].getsockname()[1])
loop.run_forever()
`
