import type { LoadSpec } from './kinds.ts'

/** What the load process is asked for, and in reply to each the process sends `LoadReply`. */
export type LoadRequest =
  | { readonly type: 'open'; readonly load: LoadSpec }
  | ({ readonly type: 'measure' } & Measurement)

/** One measurement. */
export interface Measurement {
  /** How long the load runs before anything is counted, in milliseconds. */
  readonly warmUpMs: number
  /** How long requests are counted, in milliseconds. */
  readonly durationMs: number
  /** The server whose CPU time is read at the begin and at the end. */
  readonly serverPid: number
  /** The cores of the server and of the load process, when each has one of its own. */
  readonly cores?: { readonly server: number; readonly load: number }
}

/** The reply to a request. */
export type LoadReply = { readonly type: 'opened' } | { readonly type: 'measured'; readonly figures: Figures }

/** What was measured. */
export interface Figures {
  /** Requests whose replies were received. */
  readonly requests: number
  /** The bytes of these replies, with the headers of HTTP and the frames of WebSocket. */
  readonly replyBytes: number
  /** The time measured. */
  readonly seconds: number
  /** CPU time of the server. */
  readonly cpuSeconds: number
  /** CPU time of the load process. */
  readonly loadCPUSeconds: number
  /** CPU time of all other programs on the core of the server or on that of the load process, whichever is more. */
  readonly othersSeconds?: number
  /** The median of the time from a request to its reply. */
  readonly p50Ms: number
  /** The time that 99 % of the replies did not exceed. */
  readonly p99Ms: number
}
