import type { ReactorLog } from '@ropewalk/core/log'
import {
  anyText,
  byteCount,
  callable,
  checkOptions,
  checkValue,
  having,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'
import { callSafely, type ReactorRandom, tolerated } from '@ropewalk/core/reactor'
import type { ReactorTime } from '@ropewalk/core/time'
import { PreparedMessage, prepareMessage } from '../connection/prepared-message.ts'
import { WebSocketTransport } from '../connection/websocket-transport.ts'
import type { Bus } from './bus.ts'
import { Member, type MemberKeeper } from './member.ts'
import { PublicationNumbers, SOURCE_BYTES, TopicPublication } from './publication.ts'
import { PublicationQueue } from './publication-queue.ts'
import { isRecipient, type Recipient, transportOf } from './recipient.ts'
import type { Publication, Subscriber, Subscription } from './subscriber.ts'
import { DELIVERY_RULES, type DeliveryOptions, WebSocketSubscriber } from './topic-subscriber.ts'
import { Topic } from './topic.ts'

/** The options of Topics. */
export interface TopicsOptions {
  /** Gives the time, random bytes and the log. */
  readonly reactor: ReactorTime & ReactorRandom & ReactorLog
  /** Carries publications to other processes and brings theirs. Default: none, the topics of this process. */
  readonly bus?: Bus | undefined
  /** Begins every subject on the bus. Default `ropewalk`. */
  readonly prefix?: string | undefined
  /**
   * Most bytes of publications that wait for the end of the turn, each counted with 64 bytes more. Beyond it
   * they are delivered at once. Default 1 MiB.
   */
  readonly maxQueuedBytes?: number | undefined
}

/** The options of `subscribe`. All but `signal` are for WebSockets. */
export interface SubscribeOptions extends DeliveryOptions {
  /** Ends the subscription when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** The options of `publish`. */
export interface PublishOptions<S extends object = Recipient | Subscriber> {
  /** A subscriber that does not get it, such as the WebSocket from which it came. */
  readonly except?: S | undefined
}

/**
 * Topics, such as the rooms of a chat: what is published in a topic is sent to all its subscribers, which are
 * WebSockets or anything else that implements Subscriber.
 *
 * What is published in a turn is delivered at its end, in order, so that each subscriber gets it with one
 * write and each message is framed once. A message that is sent to a WebSocket directly in the same turn
 * arrives before. A WebSocket leaves all its topics when its connection ends.
 *
 * `S` is the class of the subscribers, which `subscribers` returns. Only Subscriber, WebSocketProtocol and
 * WebSocketTransport can subscribe, which `subscribe` checks. The type does not, so that methods of that class
 * can return what `subscribe` returns without a type of their own.
 */
export class Topics<S extends object = Recipient | Subscriber> {
  readonly #reactor: TopicsOptions['reactor']
  readonly #bus: Bus | undefined
  readonly #prefix: string
  readonly #source: string
  readonly #topics = new Map<string, Topic>()
  /** The topics of each subscriber, by its key. */
  readonly #attendances = new Map<object, Attendance>()
  readonly #numbers = new PublicationNumbers()
  readonly #queue: PublicationQueue
  readonly #keeper: MemberKeeper<Topic> = {
    leave: (topic, member) => this.#leave(topic, member),
    failed: (error) => this.#failed(error),
  }
  readonly #firstSubscriber = new Set<TopicCall>()
  readonly #lastUnsubscriber = new Set<TopicCall>()

  /** @throws {TypeError | RangeError} when an option is missing, unknown, of the wrong type or out of range. */
  constructor(options: TopicsOptions) {
    checkValue('Topics', 'options', options, having('an object, such as { reactor }'))
    checkOptions('Topics', options, RULES)
    const { reactor, bus, prefix = 'ropewalk', maxQueuedBytes = DEFAULT_MAX_QUEUED_BYTES } = options
    checkValue('Topics', 'reactor', reactor, RULES.reactor)
    this.#reactor = reactor
    this.#bus = bus
    this.#prefix = prefix
    this.#source = reactor.randomBytes(SOURCE_BYTES).toString('hex')
    this.#queue = new PublicationQueue(reactor, maxQueuedBytes)
  }

  /**
   * Subscribes to a topic, unless it has been done. A WebSocket is sent the publications as messages, unless
   * its protocol implements Subscriber. From this call on, publications are delivered; the promise
   * resolves when those of other processes are too. A WebSocket that is closing or gone is not subscribed.
   *
   * @throws {TypeError | RangeError} when `topic` is empty or has more than 200 bytes, `subscriber` is neither
   *   a Subscriber nor a WebSocket, or an option is unknown or of the wrong type.
   * @throws {Error} (rejects) when the bus does not accept the subscription, which ends then. If the promise is
   *   not awaited, this rejection is logged.
   */
  subscribe(topic: string, subscriber: S, options: SubscribeOptions = {}): Promise<Subscription> {
    checkValue('subscribe', 'topic', topic, TOPIC)
    checkValue('subscribe', 'subscriber', subscriber, SUBSCRIBER)
    checkOptions('subscribe', options, SUBSCRIBE_RULES)
    const key = keyOf(subscriber)
    const isOpen = !(key instanceof WebSocketTransport) || key.open
    if (!isOpen || options.signal?.aborted === true) return Promise.resolve({ unsubscribe: () => undefined })
    const joined = this.#topics.get(topic) ?? this.#open(topic)
    const member = joined.get(key) ?? this.#join(joined, key, subscriber, options)
    const subscription = { unsubscribe: () => member.leave() }
    if (joined.bus === undefined) return Promise.resolve(subscription)
    const carried = joined.bus.then(
      () => subscription,
      (error: unknown) => {
        member.leave()
        throw error
      },
    )
    return tolerated(carried, () => true, this.#failed)
  }

  /** Unsubscribes from a topic. Nothing published is delivered any more, not even what was published before. */
  unsubscribe(topic: string, subscriber: S): void {
    this.#topics.get(topic)?.get(keyOf(subscriber))?.leave()
  }

  /**
   * Publishes a string as a text message, bytes as a binary message. Subscribers of this process get it at the
   * end of the turn. The caller must not change the bytes afterwards.
   *
   * @throws {TypeError | RangeError} when `topic` is empty or has more than 200 bytes, `data` is of another
   *   type or has more than 1 MiB, or an option is unknown.
   * @throws {RangeError} when it is called by subscribers that publish more than `maxQueuedBytes` whenever
   *   they receive something: they would never come to an end.
   */
  publish(
    topic: string,
    data: string | Uint8Array | PreparedMessage,
    options: PublishOptions<S> = {},
  ): Publication {
    checkValue('publish', 'topic', topic, TOPIC)
    checkOptions('publish', options, PUBLISH_RULES)
    const { except } = options
    const message = data instanceof PreparedMessage ? data : prepareMessage(data)
    checkValue('publish', 'data', message.data, DATA)
    const to = this.#topics.get(topic)
    if (to !== undefined && !this.#queue.makeSpace(message.data.length)) throw new RangeError(ENDLESS)
    const publication = new TopicPublication(topic, this.#source, this.#numbers.next(topic), message)
    if (to !== undefined) this.#queue.push(to, publication, except && keyOf(except))
    this.#bus?.publish(this.#subject(topic), publication.toBytes())
    return publication
  }

  /** Delivers now what was published in this turn. */
  flush(): void {
    this.#queue.flush()
  }

  /** The subscribers of a topic in this process, in the order in which they subscribed. */
  subscribers(topic: string): readonly S[] {
    // Only subscribers were given.
    return Array.from(this.#topics.get(topic)?.members ?? [], ({ owner }) => owner as S)
  }

  /** The topics that a subscriber is subscribed to. */
  topicsOf(subscriber: S): readonly string[] {
    return Array.from(this.#attendances.get(keyOf(subscriber))?.topics ?? [], ({ name }) => name)
  }

  /**
   * Calls `call` with a topic as it gets its first subscriber in this process, until the function that is
   * returned is called.
   */
  onFirstSubscriber(call: (topic: string) => unknown): () => void {
    return watching(this.#firstSubscriber, call)
  }

  /**
   * Calls `call` with a topic as it loses its last subscriber in this process, until the function that is
   * returned is called.
   */
  onLastUnsubscriber(call: (topic: string) => unknown): () => void {
    return watching(this.#lastUnsubscriber, call)
  }

  #join(topic: Topic, key: object, subscriber: S, options: SubscribeOptions): Member<Topic> {
    const member = new Member<Topic>({
      topic,
      keeper: this.#keeper,
      key,
      owner: subscriber,
      // Without the methods of a Subscriber it is a WebSocket, whose key is its transport.
      subscriber: isSubscriber(subscriber)
        ? subscriber
        : new WebSocketSubscriber(key as WebSocketTransport, options),
      order: this.#queue.nextOrder(),
    })
    if (options.signal !== undefined) member.leaveOn(options.signal)
    topic.add(member)
    const attendance = this.#attendances.get(key) ?? this.#attend(key)
    attendance.topics.add(topic)
    if (topic.size === 1) this.#call(this.#firstSubscriber, topic.name)
    return member
  }

  #leave(topic: Topic, member: Member<Topic>): void {
    if (topic.get(member.key) !== member) return
    topic.remove(member)
    const attendance = this.#attendances.get(member.key)
    attendance?.topics.delete(topic)
    if (attendance?.topics.size === 0) {
      attendance.end()
      this.#attendances.delete(member.key)
    }
    if (topic.size > 0) return
    this.#topics.delete(topic.name)
    topic.bus?.then(
      (subscription) => subscription.unsubscribe(),
      () => undefined,
    )
    this.#call(this.#lastUnsubscriber, topic.name)
  }

  /** Makes a WebSocket leave all its topics when its connection ends. */
  #attend(key: object): Attendance {
    const topics = new Set<Topic>()
    const leaveAll = (): void => this.#leaveAll(key)
    const signal = key instanceof WebSocketTransport ? key.signal : undefined
    signal?.addEventListener('abort', leaveAll, { once: true })
    const attendance = { topics, end: () => signal?.removeEventListener('abort', leaveAll) }
    this.#attendances.set(key, attendance)
    return attendance
  }

  #leaveAll(key: object): void {
    for (const topic of this.#attendances.get(key)?.topics ?? []) topic.get(key)?.leave()
  }

  #open(name: string): Topic {
    const topic = new Topic(name)
    this.#topics.set(name, topic)
    topic.bus = this.#bus?.subscribe(this.#subject(name), (bytes) => this.#carried(topic, bytes))
    return topic
  }

  /** Another process, or this one, has published. */
  #carried(topic: Topic, bytes: Buffer): void {
    const publication = TopicPublication.fromBytes(topic.name, bytes)
    if (publication?.source === this.#source || topic.size === 0) return
    if (publication === undefined)
      this.#log('warn', `Dropped bytes that no Topics published in ${topic.name}`)
    else if (!this.#queue.makeSpace(bytes.length)) this.#failed(new RangeError(ENDLESS))
    else this.#queue.push(topic, publication, undefined)
  }

  #subject(topic: string): string {
    return `${this.#prefix}.t.${topic}`
  }

  #call(calls: ReadonlySet<TopicCall>, topic: string): void {
    for (const call of Array.from(calls)) void callSafely(() => call(topic), this.#failed)
  }

  readonly #failed = (error: unknown): void => this.#log('error', 'A subscriber of a topic failed', error)

  #log(level: 'error' | 'warn', text: string, error?: unknown): void {
    this.#reactor.log({ level, namespace: 'ropewalk.websocket', text, error })
  }
}

type TopicCall = (topic: string) => unknown

interface Attendance {
  readonly topics: Set<Topic>
  /** No topic is left: stops waiting for the end of the connection. */
  readonly end: () => void
}

/** A protocol that implements Subscriber receives publications itself. */
function isSubscriber(value: object): value is Subscriber {
  return METHODS(value) === undefined
}

/** Protocol and transport of one WebSocket are one subscriber. */
function keyOf(subscriber: object): object {
  return isRecipient(subscriber) ? transportOf(subscriber) : subscriber
}

function watching(calls: Set<TopicCall>, call: TopicCall): () => void {
  checkValue('Topics', 'call', call, callable)
  const own: TopicCall = (topic) => call(topic)
  calls.add(own)
  return () => void calls.delete(own)
}

const DEFAULT_MAX_QUEUED_BYTES = 1_048_576
const ENDLESS = 'Cannot publish: what subscribers publish while they receive exceeds maxQueuedBytes'
const MAX_TOPIC_BYTES = 200
const MAX_PUBLICATION_BYTES = 1_048_576
const TOPIC: OptionRule = (value) => {
  const wanted = `a string of 1 to ${MAX_TOPIC_BYTES} bytes`
  if (typeof value !== 'string') return { kind: 'type', wanted }
  // A character has three bytes of UTF-8 at most.
  const fits = value.length * 3 <= MAX_TOPIC_BYTES || Buffer.byteLength(value) <= MAX_TOPIC_BYTES
  return value !== '' && fits ? undefined : { kind: 'range', wanted }
}
const DATA: OptionRule = (value) => {
  const { length } = value as Buffer
  if (length <= MAX_PUBLICATION_BYTES) return undefined
  return { kind: 'range', wanted: `at most ${MAX_PUBLICATION_BYTES} bytes`, at: '.length', found: length }
}
const SIGNAL = having('an AbortSignal', 'addEventListener', 'removeEventListener')
const METHODS = having('a subscriber', 'received', 'missed')
const SUBSCRIBER: OptionRule = (value) =>
  isRecipient(value) || METHODS(value) === undefined
    ? undefined
    : {
        kind: 'type',
        wanted: 'a WebSocketProtocol, a WebSocketTransport or a Subscriber with received and missed',
      }
const RULES: OptionRules<TopicsOptions> = {
  reactor: having('a reactor', 'callLater', 'randomBytes', 'log'),
  bus: having('a Bus', 'publish', 'subscribe', 'onStatus', 'close'),
  prefix: anyText,
  maxQueuedBytes: byteCount(),
}
const SUBSCRIBE_RULES: OptionRules<SubscribeOptions> = { ...DELIVERY_RULES, signal: SIGNAL }
const PUBLISH_RULES: OptionRules<PublishOptions<object>> = { except: SUBSCRIBER }
