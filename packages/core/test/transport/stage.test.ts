import { describe, expect, test } from 'vitest'
import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../../src/errors.ts'
import { CONNECTED, DISCONNECTING, reasonFor } from '../../src/transport/stage.ts'

describe('reasonFor', () => {
  const broken = new Error('read ECONNRESET')

  test('is ConnectionDone for a clean end, by either side', () => {
    expect(reasonFor(CONNECTED, false, undefined)).toBeInstanceOf(ConnectionDone)
    expect(reasonFor(DISCONNECTING, true, undefined)).toBeInstanceOf(ConnectionDone)
  })

  test('is ConnectionLost with its cause for a broken connection, unless our FIN was sent', () => {
    expect(reasonFor(CONNECTED, false, broken)).toMatchObject({ name: 'ConnectionLost', cause: broken })
    expect(reasonFor(DISCONNECTING, false, broken)).toBeInstanceOf(ConnectionLost)
    expect(reasonFor(DISCONNECTING, true, broken)).toBeInstanceOf(ConnectionDone)
  })

  test.each([
    ['ECONNRESET', 'ConnectionDone'],
    ['EPIPE', 'ConnectionDone'],
    ['ENOSPC', 'ConnectionLost'],
    ['EIO', 'ConnectionLost'],
    ['EDQUOT', 'ConnectionLost'],
  ])('for %s after our FIN is %s', (code, name) => {
    const error = Object.assign(new Error(`write ${code}`), { code })
    expect(reasonFor(DISCONNECTING, true, error).name).toBe(name)
    expect(reasonFor(DISCONNECTING, false, error)).toMatchObject({ name: 'ConnectionLost', cause: error })
  })

  test('is ConnectionAborted with our own cause after an abort, whatever else happened', () => {
    const cause = new Error('a fault')
    expect(reasonFor({ is: 'aborted', cause }, false, broken)).toMatchObject({
      name: 'ConnectionAborted',
      cause,
    })
    const bare = reasonFor({ is: 'aborted', cause: undefined }, false, undefined)
    expect(bare).toBeInstanceOf(ConnectionAborted)
    expect('cause' in bare).toBe(false)
  })
})
