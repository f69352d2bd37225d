import { describe, expect, test } from 'vitest'
import { Turn } from '../../src/transport/connection-registry.ts'

describe('Turn', () => {
  test('arms once, however many listeners are scheduled', () => {
    const seen: string[] = []
    const turn = new Turn(() => seen.push('armed'))
    turn.schedule({ turnEnded: () => seen.push('a') })
    turn.schedule({ turnEnded: () => seen.push('b') })
    turn.end()
    expect(seen).toEqual(['armed', 'a', 'b'])
  })

  test('leaves a listener that is scheduled at its end to the next turn', () => {
    const seen: string[] = []
    const turn = new Turn(() => seen.push('armed'))
    const again = { turnEnded: (): void => void seen.push('again') }
    turn.schedule({ turnEnded: () => turn.schedule(again) })
    turn.end()
    expect(seen).toEqual(['armed', 'armed'])
    turn.end()
    turn.end()
    expect(seen).toEqual(['armed', 'armed', 'again'])
  })

  test('calls all listeners even if some throw, and then throws the first error', () => {
    const seen: string[] = []
    const turn = new Turn(() => undefined)
    const fail = (why: string) => (): never => {
      throw new Error(why)
    }
    turn.schedule({ turnEnded: fail('one') })
    turn.schedule({ turnEnded: () => seen.push('called') })
    turn.schedule({ turnEnded: fail('two') })
    expect(() => turn.end()).toThrow('one')
    expect(seen).toEqual(['called'])
  })
})
