// A live feed over a slow link, 128 KiB/s for each connection, and a page that draws its backpressure. At 1000
// quotes a second the feed is faster than the link: quotes are dropped, and memory stays bounded.
// Usage: live-feed.ts [ENDPOINT]
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { formatAddress, type Reactor, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { Throttle } from '@ropewalk/core/policies'
import { LoopingCall } from '@ropewalk/core/time'
import { HTTPError, NOT_DONE_YET, Resource, Site } from '@ropewalk/http'
import { File } from '@ropewalk/http/static'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'
import { type Gap, type Publication, type Subscriber, Topics } from '@ropewalk/websocket/topics'

/** How many quotes a second a page can choose: each rate is a topic. */
const RATES = ['10', '100', '1000']

/** The site of the feed: its page at /, the WebSocket at /feed, and what becomes of its quotes at /load. */
export function liveFeed(on: Reactor): Site {
  const feeds = new Map<string, Feed>()
  const topics = new Topics<Feed>({ reactor: on })
  const loops = new Map<string, LoopingCall>()
  topics.onFirstSubscriber((rate) => {
    const loop = new LoopingCall(() => topics.publish(rate, quote(on.wallClock())))
    loops.set(rate, loop)
    void loop.start(1000 / Number(rate), { reactor: on })
  })
  topics.onLastUnsubscriber((rate) => loops.get(rate)?.stop())

  /** Receives the quotes itself, to count what becomes of them. */
  class Feed extends WebSocketProtocol implements Subscriber {
    #counts = { sent: 0, queued: 0, dropped: 0 }

    override negotiationFinished() {
      feeds.set(this.#id, this)
      return topics.subscribe('10', this)
    }

    override textMessageReceived(rate: string) {
      if (!RATES.includes(rate)) return this.transport.loseConnection(1008, `Choose ${RATES.join(', ')}`)
      for (const topic of topics.topicsOf(this)) topics.unsubscribe(topic, this)
      return topics.subscribe(rate, this)
    }

    received({ message }: Publication) {
      const status = this.transport.sendPrepared(message)
      this.#counts[status]++
      return status !== 'queued'
    }

    missed({ from, to = from }: Gap) {
      this.#counts.dropped += to - from + 1
    }

    drained() {
      return this.transport.drained()
    }

    /** What became of the quotes since the last call. */
    takeLoad(): string {
      const load = { bufferedBytes: this.transport.bufferedBytes, ...this.#counts }
      this.#counts = { sent: 0, queued: 0, dropped: 0 }
      return JSON.stringify(load)
    }

    override connectionLost() {
      if (feeds.get(this.#id) === this) feeds.delete(this.#id)
    }

    /** Made by the page, so that it can ask for the load of its own feed. */
    get #id(): string {
      return this.transport.request.args.get('id') ?? ''
    }
  }

  const root = new Resource()
  root.putChild('', new File(join(import.meta.dirname, 'live-feed.html')))
  root.putChild('feed', WebSocketResource.forProtocol(Feed))
  root.route('GET /load/:id', async (request, { id }) => {
    const feed = feeds.get(id)
    if (feed === undefined) throw new HTTPError(404, 'There is no such feed')
    const events = request.eventStream()
    const loop = new LoopingCall(() => events.send(feed.takeLoad()))
    const ended = AbortSignal.any([events.signal, feed.transport.signal])
    await loop.start(500, { reactor: on, signal: ended }).catch(() => events.close())
    return NOT_DONE_YET
  })
  return new SlowLinkSite(root)
}

/** A site whose connections are slow. */
class SlowLinkSite extends Site {
  readonly policies = [new Throttle({ writeBytesPerSecond: 131_072 })]
}

/** A quote of about 1 KB. */
function quote(atMs: number): string {
  const price = 100 + 10 * Math.sin(atMs / 5000) + 3 * Math.sin(atMs / 700)
  return JSON.stringify({ atMs, price, depth: 'x'.repeat(1000) })
}

if (import.meta.filename === realpathSync(process.argv[1] ?? '')) {
  try {
    const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
    const port = await endpoint.listen(liveFeed(reactor))
    const url = `http://${formatAddress(port.getHost())}/`
    reactor.callWhenRunning(() => console.log(`Open ${url} in a browser. Press Ctrl-C to stop.`))
    await reactor.run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}
