import { describe, expect, test } from 'vitest'
import { Turn } from '../../src/transport/connection-registry.ts'

describe('Turn', () => {
  test('asks for one end, however many act in it', () => {
    const seen: string[] = []
    const turn = new Turn(() => seen.push('armed'))
    turn.schedule({ turnEnded: () => seen.push('a') })
    turn.schedule({ turnEnded: () => seen.push('b') })
    turn.end()
    expect(seen).toEqual(['armed', 'a', 'b'])
  })

  test('leaves what is scheduled at its end to the next', () => {
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

  test('lets all act, and throws what the first that failed threw', () => {
    const seen: string[] = []
    const turn = new Turn(() => undefined)
    const fail = (why: string) => (): never => {
      throw new Error(why)
    }
    turn.schedule({ turnEnded: fail('one') })
    turn.schedule({ turnEnded: () => seen.push('acts') })
    turn.schedule({ turnEnded: fail('two') })
    expect(() => turn.end()).toThrow('one')
    expect(seen).toEqual(['acts'])
  })
})
