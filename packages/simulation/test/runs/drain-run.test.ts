import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { simulate } from '../../src/vitest.ts'
import { drainRun } from './drain-run.ts'
import { Plain, PROTOCOLS, type Protocols, Stubborn } from './drained.ts'

simulate('a stop ends by its deadline, whoever has taken connections over', { runs: 15 }, (sim) =>
  drainRun(sim),
)

test('a protocol that leaves without a farewell is found out', async () => {
  await expectFound(
    { ...PROTOCOLS, careful: Plain },
    /a careful protocol behind [\w ]+ has not said farewell/,
  )
})

test('a protocol that should be done by the deadline, and is not, is found out', async () => {
  await expectFound({ ...PROTOCOLS, plain: Stubborn }, /cut .*Stubborn.* for \d stubborn protocols/)
})

async function expectFound(protocols: Protocols, why: RegExp): Promise<void> {
  await expect(simulateAll((sim) => drainRun(sim, protocols))).rejects.toThrow(why)
}
