import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'

test('simulated-ws-chat finds its bug within 200 seeds, with the fault that it needs and a diagram', async () => {
  const { code, output, errors } = await ExampleProcess.runWithin(60_000, 'simulated-ws-chat')
  expect([code, errors]).toEqual([1, ''])
  expect(output).toMatch(/^Seed 0-\d+ at .*no client is shown a line twice/)
  expect(output).toMatch(/It fails with these faults:\n    [a-z ]+ at \d+ ms/)
  const [, diagram = ''] = /The diagram is (\S+\.svg)/.exec(output) ?? []
  expect(
    readFileSync(new URL(`../__failures__/${diagram.split('/').at(-1)}`, import.meta.url), 'utf8'),
  ).toMatch(/^<svg .*cleo/s)
})

test('simulated-ws-chat passes 500 seeds when it is mended', async () => {
  const { code, output, errors } = await ExampleProcess.runWithin(60_000, 'simulated-ws-chat', '--mended')
  expect([code, errors]).toEqual([0, ''])
  expect(output).toMatch(/^500 runs, in which every client was shown each line once/)
})
