import { expect, test } from 'vitest'
import { assertBytes } from '../../src/transport/must-be-bytes.ts'

test('mustBeBytes takes bytes and strings, and says what it got instead (statement 2)', () => {
  for (const data of ['', 'text', Buffer.alloc(1), new Uint8Array(0)])
    expect(() => assertBytes(data)).not.toThrow()
  for (const data of [null, undefined, 7, {}, [1]]) {
    expect(() => assertBytes(data)).toThrow(/Cannot write \w+: give a Uint8Array or a string/)
  }
})
