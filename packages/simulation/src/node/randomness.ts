import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { SEEDED_FUNCTIONS } from '../real/seeded-functions.ts'
import { nodeHost, replaceMethod } from './node-hosts.ts'

/**
 * Replaces the random functions of `node:crypto` for good, so that a library which is loaded after this call and
 * keeps them in variables gets the randomness of the host too. A simulation replaces them while time passes.
 */
export function standInForRandomness(): void {
  for (const { of, name, call } of SEEDED_FUNCTIONS) {
    if (of !== crypto) continue
    replaceMethod(of, name, (real) => (...args: unknown[]) => {
      const host = nodeHost()
      const clock = host?.life?.clock
      if (host === undefined || clock === undefined) return real(...args)
      const world = {
        random: host.random,
        now: () => clock.now(),
        wallClock: () => clock.wallClock(),
        refuse: () => undefined,
      }
      return call(world, args, (given) => real(...given))
    })
  }
  syncBuiltinESMExports()
}
