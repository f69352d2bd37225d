import { setImmediate } from 'node:timers/promises'

/** Writes 256 MiB in pieces of 64 KiB, one piece in each turn of the event loop. */
export async function flood(write) {
  for (let piece = 0; piece < 4096; piece++) {
    await write(Buffer.alloc(65_536, piece))
    await setImmediate()
  }
}
