import { Simulation, type SimulationOptions } from '../../src/index.ts'
import { install } from '../../src/node.ts'

install()

/** Runs a scenario twice with the same seed; returns what it noted, if both runs did the same. */
export async function runTwice(
  scenario: (sim: Simulation, note: (line: string) => void) => unknown,
  options: Partial<SimulationOptions> & { readonly ms?: number } = {},
): Promise<readonly string[]> {
  const { ms = 5_000, ...given } = options
  const once = async (): Promise<readonly string[]> => {
    const sim = new Simulation({ seed: 1, seedGlobals: true, ...given })
    const noted: string[] = []
    await scenario(sim, (line) => noted.push(line))
    await sim.run(ms)
    return [...noted, '', ...sim.trace.lines]
  }
  const [first, second] = [await once(), await once()]
  if (first.join('\n') !== second.join('\n'))
    throw new Error(`The runs differ:\n${first.join('\n')}\n---\n${second.join('\n')}`)
  return first.slice(0, first.indexOf(''))
}

/** Runs one program on a host of its own; returns what it noted. */
export function runAlone(
  program: (note: (line: string) => void) => unknown,
  options: Partial<SimulationOptions> & { readonly ms?: number } = {},
): Promise<readonly string[]> {
  return runTwice((sim, note) => sim.node('one', () => program(note)), options)
}
