import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { simulate } from '../../src/vitest.ts'
import { drainRun } from './drain-run.ts'
import { Plain, PROTOCOLS, type Protocols, Stubborn } from './drained.ts'

simulate('a stop ends by its deadline with every kind of protocol', { runs: 15 }, (sim) => drainRun(sim))

test('detects a protocol that closes without its farewell', async () => {
  await expectFound(
    { ...PROTOCOLS, careful: Plain },
    /a careful protocol switched by [\w ]+ has not sent its farewell/,
  )
})

test('detects a protocol that is not finished by the deadline', async () => {
  await expectFound({ ...PROTOCOLS, plain: Stubborn }, /cut .*Stubborn.* for \d stubborn protocols/)
})

async function expectFound(protocols: Protocols, why: RegExp): Promise<void> {
  await expect(simulateAll((sim) => drainRun(sim, protocols), { shrinkMs: 0 })).rejects.toThrow(why)
}
