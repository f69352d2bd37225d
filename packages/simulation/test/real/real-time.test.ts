import { expect, test } from 'vitest'
import { realNowMs, settled } from '../../src/real/real-time.ts'

test('settled waits for chains of promises, however long', async () => {
  let links = 0
  const chain = async (): Promise<void> => {
    for (; links < 1000; links++) await Promise.resolve()
  }
  void chain()
  await settled()
  expect(links).toBe(1000)
})

test('realNowMs goes on', async () => {
  const before = realNowMs()
  await settled()
  expect(realNowMs()).toBeGreaterThan(before)
})
