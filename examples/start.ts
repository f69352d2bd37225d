// The page of `npm start`: rooms to chat in, an echo, and the connections of this server as they are now.
// Usage: start.ts [PORT | ENDPOINT]
import { subscribe } from 'node:diagnostics_channel'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Address,
  CannotListenError,
  formatAddress,
  type Reactor,
  reactor,
  type Transport,
} from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import type { DiagnosticEvents } from '@ropewalk/core/log'
import {
  type ConnectionPolicy,
  type ConnectionWatch,
  LimitConnectionsByPeer,
  LimitTotalConnections,
  WrappingFactory,
} from '@ropewalk/core/policies'
import { LoopingCall } from '@ropewalk/core/time'
import { Site } from '@ropewalk/http'
import { securityHeaders } from '@ropewalk/http/resources'
import { File } from '@ropewalk/http/static'
import { WebSocketChannel, WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'
import { type Gap, Topics } from '@ropewalk/websocket/topics'

const MAX_GUESTS = 100
const MAX_ROWS = 100
/** Of a room and of a guest: 1 to 20 characters, without control and format characters, such as those that turn text around. */
const NAME = /^(?!\s)\P{C}{1,20}(?<!\s)$/u
/** For each WebSocket. A client that sends faster is read more slowly. */
const LIMITS = { maxMessageBytes: 2_000, maxMessagesPerSecond: 20 }

/** The page with its WebSockets, and the limits of its connections. A browser opens several for each page. */
export function startPage(on: Reactor): WrappingFactory {
  const connections = new OpenConnections()
  const root = new File(join(import.meta.dirname, 'start'), { cacheControl: 'no-cache' })
  root.putChild('rooms', roomsOn(on))
  root.putChild('echo', WebSocketResource.forProtocol(Echo, LIMITS))
  root.putChild('connections', reportsOf(connections, on))
  const limits = [new LimitTotalConnections(1_000), new LimitConnectionsByPeer(200)]
  return new WrappingFactory(new Site(securityHeaders(root)), [...limits, connections])
}

/** Rooms: a guest enters with `/rooms?room=tea&name=Ann`, and everything that it sends goes to the room. */
function roomsOn(on: Reactor): WebSocketResource {
  const rooms = new Topics<Guest>({ reactor: on })
  const names = (room: string) => rooms.subscribers(room).map(({ name }) => name)
  const announce = (room: string) => rooms.publish(room, JSON.stringify({ names: names(room) }))

  class Guest extends WebSocketProtocol {
    name = ''
    #room = ''

    override negotiationFinished() {
      const { args } = this.transport.request
      const [room, name] = [args.get('room') ?? '', args.get('name') ?? '']
      if (!NAME.test(room) || !NAME.test(name))
        return this.transport.loseConnection(1008, 'Rooms and names have 1 to 20 characters')
      if (names(room).length >= MAX_GUESTS) return this.transport.loseConnection(1013, 'The room is full')
      this.#room = room
      this.name = name
      const missed = ({ from, to = from }: Gap) => {
        this.transport.sendTextMessage(JSON.stringify({ names: names(room), missed: to - from + 1 }))
      }
      const subscribed = rooms.subscribe(room, this, { slow: 'skip', missed })
      announce(room)
      return subscribed
    }

    override textMessageReceived(text: string) {
      if (text.trim() !== '') rooms.publish(this.#room, JSON.stringify({ from: this.name, text }))
    }

    override connectionLost() {
      if (this.#room === '') return
      rooms.unsubscribe(this.#room, this)
      announce(this.#room)
    }
  }

  return WebSocketResource.forProtocol(Guest, LIMITS)
}

/** Sends back what it receives. A peer that does not read waits with its next message, so that memory stays bounded. */
class Echo extends WebSocketProtocol {
  override async textMessageReceived(text: string) {
    await this.transport.send(text)
  }
  override async bytesMessageReceived(data: Buffer) {
    await this.transport.send(data)
  }
}

/** Sends a report about all connections once a second, while it has a reader. */
function reportsOf(connections: OpenConnections, on: Reactor): WebSocketResource {
  const reports = new Topics<Reader>({ reactor: on })
  const loop = new LoopingCall(() => reports.publish('all', JSON.stringify(connections.report())))
  reports.onFirstSubscriber(() => void loop.start(1_000, { reactor: on }))
  reports.onLastUnsubscriber(() => loop.stop())

  class Reader extends WebSocketProtocol {
    override negotiationFinished() {
      return reports.subscribe('all', this, { slow: 'skip' })
    }
  }

  return WebSocketResource.forProtocol(Reader, LIMITS)
}

/** The connections that are open. As a policy it is notified of each, and of its bytes, whatever protocol reads them. */
class OpenConnections implements ConnectionPolicy {
  readonly #receivedBytes = new Map<Transport, number>()

  accepted(transport: Transport): ConnectionWatch {
    this.#receivedBytes.set(transport, 0)
    return {
      received: ({ length }) => {
        this.#receivedBytes.set(transport, (this.#receivedBytes.get(transport) ?? 0) + length)
      },
      closed: () => this.#receivedBytes.delete(transport),
    }
  }

  /** The newest connections, and how many there are. */
  report() {
    const rows = Array.from(this.#receivedBytes).slice(-MAX_ROWS).toReversed()
    const connections = rows.map(([transport, receivedBytes]) => {
      const webSocket = webSockets.get(transport)
      // Its result is in the next report.
      void webSocket?.measureLatency()
      return {
        peer: formatAddress(transport.getPeer()),
        protocol: webSocket === undefined ? 'HTTP' : `WebSocket ${pathOf(webSocket)}`,
        receivedBytes,
        sentBytes: transport.writtenBytes,
        roundTripMs: webSocket?.latencyMs,
      }
    })
    return { total: this.#receivedBytes.size, connections }
  }
}

/** The WebSockets by their connections: a handshake makes a WebSocketChannel the current protocol. */
const webSockets = new WeakMap<Transport, WebSocketChannel>()
subscribe('ropewalk.switch', (message) => {
  const { transport, protocol } = message as DiagnosticEvents['ropewalk.switch']
  if (protocol instanceof WebSocketChannel) webSockets.set(transport, protocol)
})

/** The first segment of the path, because a client chooses the others. */
function pathOf({ opening }: WebSocketChannel): string {
  return opening.role === 'server' ? `/${opening.request.path.split('/')[1]}` : ''
}

/** A port number alone listens on loopback; the endpoint `tcp:9000` listens on every network. */
function endpointOf(where: string): string {
  return /^\d+$/.test(where) ? `tcp:${where}:interface=127.0.0.1` : where
}

/** A URL that a browser on this machine can open. */
function urlOf(address: Address): string {
  const isWildcard = address.type === 'TCP' && ['0.0.0.0', '::'].includes(address.host)
  return `http://${isWildcard ? `localhost:${address.port}` : formatAddress(address)}/`
}

function explain(error: unknown): string {
  const isTaken = error instanceof CannotListenError && error.code === 'EADDRINUSE'
  const hint = isTaken ? '. Choose another port: npm start -- 9000' : ''
  return `${error instanceof Error ? error.message : String(error)}${hint}`
}

if (import.meta.filename === realpathSync(process.argv[1] ?? '')) {
  try {
    const { positionals } = parseArgs({ allowPositionals: true })
    const endpoint = serverFromString(reactor, endpointOf(positionals[0] ?? '8080'))
    const port = await endpoint.listen(startPage(reactor))
    const url = urlOf(port.getHost())
    reactor.callWhenRunning(() => console.log(`Open ${url} in a browser. Press Ctrl-C to stop.`))
    await reactor.run()
  } catch (error) {
    console.error(explain(error))
    process.exit(2)
  }
}
