import { Broadcast, type BroadcastOptions } from './broadcast.ts'
import {
  deflatedEcho,
  type EchoOptions,
  tcpEcho,
  webSocketEcho,
  type WebSocketEchoOptions,
} from './echoes.ts'
import { type GetOptions, httpGet } from './http-get.ts'
import { IdleConnections, type IdleOptions } from './idle.ts'
import type { Load } from './load.ts'

/** The options of each kind of load. */
export interface LoadKinds {
  'tcp-echo': EchoOptions
  'websocket-echo': WebSocketEchoOptions
  'deflated-echo': EchoOptions
  'http-get': GetOptions
  broadcast: BroadcastOptions
  idle: IdleOptions
}

/** A load to start: its kind, with the options of that kind. */
export type LoadSpec = {
  [Kind in keyof LoadKinds]: { readonly kind: Kind; readonly options: LoadKinds[Kind] }
}[keyof LoadKinds]

/** Creates a load of each kind. */
export const LOADS: {
  readonly [Kind in keyof LoadKinds]: (options: LoadKinds[Kind]) => Load | Promise<Load>
} = {
  'tcp-echo': tcpEcho,
  'websocket-echo': webSocketEcho,
  'deflated-echo': deflatedEcho,
  'http-get': httpGet,
  broadcast: (options) => new Broadcast(options),
  idle: (options) => new IdleConnections(options),
}
