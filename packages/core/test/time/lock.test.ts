import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/checks/assertions.ts'
import { Lock } from '../../src/time/lock.ts'

describe('Lock', () => {
  test('lets one in at a time, in the order they came', async () => {
    const [lock, order, gates] = [new Lock(), [] as string[], [new Gate(), new Gate()] as const]
    const runs = gates.map((gate, at) =>
      lock.run(async () => {
        order.push(`in ${at}`)
        await gate.opened
        order.push(`out ${at}`)
      }),
    )
    expect([lock.locked, lock.waiting]).toEqual([true, 1])
    for (const gate of gates.toReversed()) gate.open()
    await Promise.all(runs)
    expect(order).toEqual(['in 0', 'out 0', 'in 1', 'out 1'])
    expect([lock.locked, lock.waiting]).toEqual([false, 0])
  })

  test('is free for the next when a waiter gave up (statement 130)', async () => {
    const [lock, controller] = [new Lock(), new AbortController()]
    const held = await lock.acquire()
    const given = [lock.acquire(controller), lock.run(expect.unreachable, controller)]
    const next = lock.acquire()
    controller.abort('enough')
    held.release()
    for (const attempt of given) await expect(attempt).rejects.toBe('enough')
    ;(await next)[Symbol.dispose]()
    expect(lock.locked).toBe(false)
  })
})
