import type { PushProducer } from '../interfaces/transport.ts'

/** A source of events that can be told to wait, such as a Node stream. */
export interface Pausable {
  pause(): unknown
  resume(): unknown
  destroy(): unknown
}

/**
 * Makes a push producer of a Node stream in flowing mode: it pauses while the consumer has enough, and is
 * destroyed when the consumer is gone.
 *
 * Bytes it gives are still yours to write, and its end yours to tell. `pipeFrom` does all of it; this is
 * for what happens on the way, such as counting or framing.
 */
export function producerFrom(stream: Pausable): PushProducer {
  return {
    pauseProducing: () => void stream.pause(),
    resumeProducing: () => void stream.resume(),
    stopProducing: () => void stream.destroy(),
  }
}
