// A chat with rooms: a page at /, its WebSocket at /chat. A guest who reads too slowly misses messages, and
// is shown how many. Usage: chat.ts [ENDPOINT]
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { formatAddress, type Reactor, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { Resource, Site } from '@ropewalk/http'
import { File } from '@ropewalk/http/static'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'
import { type Gap, Topics } from '@ropewalk/websocket/topics'

/** A chat of its own: its page, and its rooms. */
export function chat(on: Reactor): Site {
  const rooms = new Topics<Guest>({ reactor: on })
  const names = (room: string) => rooms.subscribers(room).map(({ name }) => name)
  const announce = (room: string) => rooms.publish(room, JSON.stringify({ room, names: names(room) }))

  class Guest extends WebSocketProtocol {
    name = ''
    #room = ''

    /** A guest joins with `/join tea Ann`. Everything else is passed on to the room. */
    override async textMessageReceived(text: string) {
      const [, room, name] = /^\/join (\S{1,30}) (\S.{0,19})$/u.exec(text) ?? []
      if (room === undefined || name === undefined) {
        if (this.#room !== '') rooms.publish(this.#room, JSON.stringify({ from: this.name, text }))
        return
      }
      this.#leave()
      if (names(room).length >= 100) return this.transport.loseConnection(1013, 'The room is full')
      this.#room = room
      this.name = name
      const missed = ({ from, to = from }: Gap) => {
        this.transport.sendTextMessage(JSON.stringify({ room, names: names(room), missed: to - from + 1 }))
      }
      await rooms.subscribe(room, this, { missed })
      announce(room)
    }

    override connectionLost() {
      this.#leave()
    }

    #leave() {
      if (this.#room === '') return
      rooms.unsubscribe(this.#room, this)
      announce(this.#room)
      this.#room = ''
    }
  }

  const root = new Resource()
  root.putChild('', new File(join(import.meta.dirname, 'chat.html')))
  root.putChild('chat', WebSocketResource.forProtocol(Guest, { maxMessageBytes: 2000 }))
  return new Site(root)
}

if (import.meta.filename === realpathSync(process.argv[1] ?? '')) {
  try {
    const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
    const port = await endpoint.listen(chat(reactor))
    const url = `http://${formatAddress(port.getHost())}/`
    reactor.callWhenRunning(() => console.log(`Open ${url} in two browsers. Press Ctrl-C to stop.`))
    await reactor.run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}
