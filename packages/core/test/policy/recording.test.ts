import { describe, expect, test } from 'vitest'
import {
  formatRecordedEvent,
  parseRecording,
  type Recording,
  RecordingError,
} from '../../src/policy/recording.ts'

const RECORDING: Recording = [
  { atMs: 1.5, connection: 1, what: 'opened', peer: '127.0.0.1:5000' },
  { atMs: 2, connection: 1, what: 'received', bytes: Buffer.from([0, 255, 10]) },
  { atMs: 3, connection: 1, what: 'written', bytes: Buffer.from('hello') },
  { atMs: 4, connection: 1, what: 'cut short' },
  { atMs: 5, connection: 1, what: 'closed', clean: false },
]

describe('a recording', () => {
  test('is lines of JSON that come back as they were', () => {
    const lines = RECORDING.map(formatRecordedEvent)
    expect(lines[1]).toBe('{"atMs":2,"connection":1,"what":"received","bytes":"AP8K"}')
    expect(parseRecording(lines.join('\n'))).toEqual(RECORDING)
    expect(parseRecording(`${lines.join('\n')}\n`)).toEqual(RECORDING)
    expect(parseRecording('')).toEqual([])
  })

  test.each([
    ['{', 'it is no JSON object'],
    ['null', 'it is no JSON object'],
    ['{"what":"closed","clean":true}', 'it needs the numbers atMs and connection'],
    ['{"atMs":1,"connection":1}', 'is missing or wrong (undefined)'],
    ['{"atMs":1,"connection":1,"what":"opened"}', 'is missing or wrong (opened)'],
    ['{"atMs":1,"connection":1,"what":"closed","clean":1}', 'is missing or wrong (closed)'],
    ['{"atMs":1,"connection":1,"what":"received","bytes":"A"}', 'is missing or wrong (received)'],
    ['', 'it is no JSON object'],
  ])('is refused for a line like %s', (line, why) => {
    const parse = (): unknown => parseRecording(`{"atMs":1,"connection":1,"what":"cut short"}\n${line}\n`)
    expect(parse).toThrow(RecordingError)
    expect(parse).toThrow(`Cannot read line 2 of the recording: `)
    expect(parse).toThrow(why)
  })
})
