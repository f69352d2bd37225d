import { expect, onTestFinished, test, vi } from 'vitest'
import { fakedTimer, nextTurn, readText, realNowMs } from '../../src/real/machine.ts'

test('readText returns the text of a file, or rejects with the error of the system', async () => {
  expect(await readText(new URL('machine.test.ts', import.meta.url).pathname)).toContain(
    'returns the text of a file',
  )
  await expect(readText('/nowhere/at/all')).rejects.toMatchObject({ code: 'ENOENT' })
})

test('nextTurn waits for chains of promises of any length', async () => {
  let links = 0
  const chain = async (): Promise<void> => {
    for (; links < 1000; links++) await Promise.resolve()
  }
  void chain()
  await nextTurn()
  expect(links).toBe(1000)
})

test('realNowMs increases', async () => {
  const before = realNowMs()
  await nextTurn()
  expect(realNowMs()).toBeGreaterThan(before)
})

test('fakedTimer returns a timer that a library for tests has replaced', () => {
  expect(fakedTimer()).toBeUndefined()
  onTestFinished(() => void vi.useRealTimers())
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  expect(fakedTimer()).toBe('setTimeout')
  vi.useRealTimers()
  expect(fakedTimer()).toBeUndefined()
})
