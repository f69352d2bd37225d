import { describe, expect, test, vi } from 'vitest'
import { ProcessSignals } from '../../src/node/process-signals.ts'

describe('ProcessSignals', () => {
  /** As the system would, but for our listener alone: the test's own process goes on. */
  const raise = (name: NodeJS.Signals, number: number): void =>
    void Reflect.apply(process.listeners(name).at(-1) ?? expect.unreachable, undefined, [name, number])

  test('listens while installed, and leaves the listeners of others alone (statements 77 and 79)', () => {
    const others = (): void => undefined
    process.on('SIGTERM', others)
    const before = [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]
    const signals = new ProcessSignals(() => undefined)
    signals.install()
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual(
      before.map((count) => count + 1),
    )
    signals.remove()
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual(before)
    expect(process.listeners('SIGTERM')).toContain(others)
    process.off('SIGTERM', others)
  })

  test('calls at the first signal, and ends the process at the second (statement 78 changed)', () => {
    const seen: unknown[] = []
    const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`)
    })
    const signals = new ProcessSignals((name) => seen.push(name))
    signals.install()
    try {
      raise('SIGINT', 2)
      expect([seen, signals.lastChance]).toEqual([['SIGINT'], true])
      expect(() => raise('SIGTERM', 15)).toThrow('exit 143')
      signals.remove()
      signals.install()
      expect(signals.lastChance).toBe(false)
      raise('SIGTERM', 15)
      expect(seen).toEqual(['SIGINT', 'SIGTERM'])
    } finally {
      signals.remove()
      exit.mockRestore()
    }
  })
})
