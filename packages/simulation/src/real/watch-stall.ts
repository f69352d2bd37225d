/** A watch that has begun. */
export interface StallWatch {
  /** Rejects when nothing has moved for too long. */
  readonly stalled: Promise<never>
  /** Ends the watch. */
  stop(): void
}

/** Watches, in real time, that something moves. @param isMoving Asked once a second; what it says no to five times has stalled. */
export function watchStall(isMoving: () => boolean, why: string): StallWatch {
  let timer: NodeJS.Timeout | undefined
  const stalled = new Promise<never>((_resolve, reject) => {
    let still = 0
    timer = setInterval(() => {
      still = isMoving() ? 0 : still + 1
      if (still === MOST_STILL) reject(new Error(why))
    }, ASK_EVERY_MS)
  })
  return { stalled, stop: () => clearInterval(timer) }
}

const ASK_EVERY_MS = 1000
const MOST_STILL = 5
