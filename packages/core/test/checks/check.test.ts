import { describe, expect, test } from 'vitest'
import { CheckFailed, equal, Gate, holds, isExactly, nothingLeft, throws } from '../../src/checks/check.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { ConnectionAborted, ConnectionLost } from '../../src/index.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'

describe('equal', () => {
  test('accepts the same value, and lists of the same values', () => {
    expect(() => {
      equal(1, 1, 'one')
      equal(['a', 1], ['a', 1], 'lists')
      equal(NaN, NaN, 'NaN')
    }).not.toThrow()
  })

  test('names the difference, briefly', () => {
    expect(() => equal(1, 2, 'the count')).toThrow(new CheckFailed('the count: expected 2, got 1'))
    expect(() => equal([1], [1, 2], 'the list')).toThrow('the list: expected [1,2], got [1]')
    expect(() => equal('x'.repeat(1000), 'y', 'the text')).toThrow('… (1002 characters)')
  })

  test('does not accept two different objects', () => {
    expect(() => equal({}, {}, 'objects')).toThrow(CheckFailed)
  })
})

describe('holds', () => {
  test('fails with the given message', () => {
    expect(() => holds(true, 'fine')).not.toThrow()
    expect(() => holds(false, 'not fine')).toThrow(new CheckFailed('not fine'))
  })
})

describe('throws', () => {
  test('accepts the given class of error, and no other', () => {
    const throwing = (): string => 'x'.repeat(-1)
    expect(() => throws(throwing, RangeError, 'a call')).not.toThrow()
    expect(() => throws(throwing, TypeError, 'a call')).toThrow(
      'a call: expected a TypeError, got RangeError',
    )
    expect(() => throws(() => undefined, TypeError, 'a call')).toThrow('nothing was thrown')
  })
})

describe('isExactly', () => {
  test('distinguishes a class from its subclasses', () => {
    expect(() => isExactly(new ConnectionLost(), ConnectionLost, 'it')).not.toThrow()
    expect(() => isExactly(new ConnectionAborted(), ConnectionLost, 'it')).toThrow(
      'it: expected ConnectionLost, got ConnectionAborted',
    )
    expect(() => isExactly(undefined, ConnectionLost, 'it')).toThrow('got undefined')
  })
})

describe('Gate', () => {
  test('settles its promise only at open or fail', async () => {
    const [open, failed] = [new Gate(), new Gate()]
    const seen: string[] = []
    void open.opened.then(() => seen.push('open'))
    await Promise.resolve()
    expect(seen).toEqual([])
    open.open()
    await open.opened
    expect(seen).toEqual(['open'])
    failed.fail(new Error('shut'))
    await expect(failed.opened).rejects.toThrow('shut')
  })
})

test('nothingLeft finds open connections and delayed calls', () => {
  const reactor = new MemoryReactor()
  expect(nothingLeft(reactor)).toBe(true)
  const call = reactor.callLater(1000, () => undefined)
  expect(nothingLeft(reactor)).toBe(false)
  call.cancel()
  const transport = StringTransport.connect(new Recorder(), { reactor })
  expect(nothingLeft(reactor)).toBe(false)
  transport.abortConnection()
  reactor.pump()
  expect(nothingLeft(reactor)).toBe(true)
})
