/**
 * Groups of WebSockets that receive the same messages.
 *
 * @module
 */
export { type PreparedMessage, prepareMessage, type PrepareOptions } from './connection/prepared-message.ts'
export {
  broadcast,
  type BroadcastOptions,
  type BroadcastResult,
  type SlowPolicy,
} from './topics/broadcast.ts'
export { type Bus, type BusSubscription, MemoryBus } from './topics/bus.ts'
export type { Recipient } from './topics/recipient.ts'
export type { Gap, Publication, Subscriber, Subscription } from './topics/subscriber.ts'
export type { DeliveryOptions } from './topics/topic-subscriber.ts'
export { type PublishOptions, type SubscribeOptions, Topics, type TopicsOptions } from './topics/topics.ts'
