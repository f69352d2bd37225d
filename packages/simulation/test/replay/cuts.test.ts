import type { Recording } from '@ropewalk/core/policies'
import { expect, test } from 'vitest'
import { countCuts, type Cuts, cutRecordings } from '../../src/replay/cuts.ts'

const RECORDING: Recording = [
  { atMs: 0, connection: 1, what: 'opened', peer: 'client' },
  { atMs: 1, connection: 1, what: 'received', bytes: Buffer.from('abc') },
  { atMs: 2, connection: 1, what: 'written', bytes: Buffer.from('xyz') },
  { atMs: 3, connection: 1, what: 'received', bytes: Buffer.from('de') },
]

function cut(cuts: Cuts): readonly string[] {
  return Array.from(cutRecordings(RECORDING, cuts), ({ name, recording }) => {
    const pieces = recording.map((event) => (event.what === 'received' ? event.bytes.toString() : event.what))
    return `${name}: ${pieces.join(' ')}`
  })
}

test('a recording is cut as recorded, at every byte, and with one more cut at every place', () => {
  expect(cut('recorded')).toEqual(['cut as recorded: opened abc written de'])
  expect(cut('bytes')).toEqual([
    'cut as recorded: opened abc written de',
    'cut at every byte: opened a b c written d e',
  ])
  expect(cut('every')).toEqual([
    'cut as recorded: opened abc written de',
    'cut at every byte: opened a b c written d e',
    'with a cut 1 byte into line 2: opened a bc written de',
    'with a cut 2 bytes into line 2: opened ab c written de',
    'with a cut 1 byte into line 4: opened abc written d e',
  ])
  expect(countCuts(RECORDING)).toBe(cut('every').length)
})
