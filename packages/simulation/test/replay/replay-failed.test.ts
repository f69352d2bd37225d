import { expect, test } from 'vitest'
import { ReplayFailed } from '../../src/replay/replay-failed.ts'

test('a failed replay tells how the recording was cut, and why it failed', () => {
  const cause = new Error('cause')
  const failed = new ReplayFailed('cut at every byte', 'nothing came', { cause })
  expect([failed.message, failed.cut, failed.cause]).toEqual([
    'The recording, cut at every byte: nothing came',
    'cut at every byte',
    cause,
  ])
})
