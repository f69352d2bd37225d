import { describe, expect, test } from 'vitest'
import { Gate } from '../../../src/testing/checks/gate.ts'

describe('Gate', () => {
  test('settles its promise only when told', async () => {
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
