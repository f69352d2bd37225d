// A room that two protocols share: a text that one member sends reaches all the others, by line or by WebSocket.
import { Factory, LineReceiver } from '@ropewalk/core'
import { Resource, Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'

/** A connection in the room. */
interface Member {
  send(text: string): void
}

/** What the connections share, whatever their protocol is. */
export class Room {
  readonly #members = new Set<Member>()
  #texts = 0

  get counts(): { members: number; texts: number } {
    return { members: this.#members.size, texts: this.#texts }
  }

  join(member: Member): void {
    this.#members.add(member)
  }

  leave(member: Member): void {
    this.#members.delete(member)
  }

  publish(text: string, from: Member): void {
    this.#texts++
    for (const member of this.#members) if (member !== from) member.send(text)
  }
}

/** The line protocol: each line is a text. Try it with `nc`. */
export class LineMember extends LineReceiver implements Member {
  override maxLengthBytes = MAX_TEXT_BYTES
  readonly #room: Room

  constructor(room: Room) {
    super()
    this.#room = room
  }

  override connectionMade(): void {
    this.#room.join(this)
  }

  override lineReceived(line: Buffer): void {
    this.#room.publish(line.toString(), this)
  }

  override connectionLost(): void {
    this.#room.leave(this)
  }

  send(text: string): void {
    this.sendLine(text.replaceAll(/[\r\n]+/g, ' '))
    // A client that does not read must not fill the memory.
    if (this.transport.bufferedBytes > MAX_QUEUED_BYTES)
      this.transport.abortConnection(new Error('The client reads too slowly'))
  }
}

/** The port of the line protocol. */
export class LineFactory extends Factory<LineMember> {
  readonly #room: Room

  constructor(room: Room) {
    super()
    this.#room = room
  }

  override buildProtocol(): LineMember {
    return new LineMember(this.#room)
  }
}

/** The site: the counts of the room as JSON at `/`, its WebSocket at `/room`. */
export function site(room: Room): Site {
  class Counts extends Resource {
    override render_GET() {
      return room.counts
    }
  }

  class WebSocketMember extends WebSocketProtocol implements Member {
    override negotiationFinished(): void {
      room.join(this)
    }

    override textMessageReceived(text: string): void {
      room.publish(text, this)
    }

    override connectionLost(): void {
      room.leave(this)
    }

    send(text: string): void {
      this.transport.sendTextMessage(text)
    }
  }

  const limits = { maxMessageBytes: MAX_TEXT_BYTES, maxQueuedBytes: MAX_QUEUED_BYTES }
  const root = new Resource()
  root.putChild('', new Counts())
  root.putChild('room', WebSocketResource.forProtocol(WebSocketMember, limits))
  return new Site(root)
}

const MAX_TEXT_BYTES = 1000
const MAX_QUEUED_BYTES = 1024 * 1024
