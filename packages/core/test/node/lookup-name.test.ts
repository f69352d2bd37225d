import { describe, expect, test } from 'vitest'
import { DNSLookupError } from '../../src/errors.ts'
import { lookupName } from '../../src/node/lookup-name.ts'

describe('lookupName', () => {
  test('answers the addresses of a name, and a numeric host itself', async () => {
    expect(await lookupName('localhost')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^127\.|^::1$/)]),
    )
    expect(await lookupName('127.0.0.1')).toEqual(['127.0.0.1'])
  })

  test('rejects with DNSLookupError for a name without an address', async () => {
    const failed = lookupName('no-such-host.invalid')
    await expect(failed).rejects.toBeInstanceOf(DNSLookupError)
    await expect(failed).rejects.toThrow(/^Cannot look up no-such-host\.invalid: /)
  })

  test('gives up with the reason of its signal', async () => {
    const controller = new AbortController()
    const pending = lookupName('localhost', { signal: controller.signal })
    const why = new Error('nobody wants to know')
    controller.abort(why)
    await expect(pending).rejects.toBe(why)
    await expect(lookupName('localhost', { signal: controller.signal })).rejects.toBe(why)
  })
})
