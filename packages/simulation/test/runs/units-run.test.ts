import { simulate } from '../../src/vitest.ts'
import { RECEIVERS, unitsRun } from './units-run.ts'

for (const Receiver of RECEIVERS)
  simulate(`${Receiver.name} arrive whole and in order on a network that misbehaves`, { runs: 6 }, (sim) =>
    unitsRun(sim, Receiver),
  )
