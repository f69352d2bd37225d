import type { DelayedCall } from '@ropewalk/core/time'
import type { Script } from '../place.ts'

/** The timers of a reactor. */
export const TIME: readonly Script[] = [
  {
    name: 'calls are made in the order of their time',
    async play(place) {
      const { client, journal } = place
      let made = 0
      const call = (name: string): void => {
        made++
        journal.note('calls', name)
      }
      client.callLater(30, call, 'third')
      client.callLater(10, call, 'second')
      client.callLater(0, call, 'first')
      await place.until(() => made === 3)
      journal.note('calls', `${client.getDelayedCalls().length} left`)
    },
  },
  {
    name: 'calls are cancelled, reset and delayed',
    async play(place) {
      const { client, journal } = place
      let made = 0
      const call = (name: string): void => {
        made++
        journal.note('calls', name)
      }
      const calls: readonly DelayedCall[] = [
        client.callLater(5, call, 'cancelled'),
        client.callLater(5, call, 'reset'),
        client.callLater(5, call, 'delayed'),
        client.callLater(40, call, 'usual'),
      ]
      const [cancelled, reset, delayed, usual] = calls
      cancelled?.cancel()
      reset?.reset(120)
      delayed?.delay(195)
      for (const one of calls) journal.note('active', `${one.active()}`)
      await place.until(() => made === 3)
      for (const one of [cancelled, usual])
        try {
          one?.cancel()
        } catch (error) {
          journal.note('calls', journal.reason(error))
        }
    },
  },
  {
    name: 'a call that is made within a call comes in a later turn',
    async play(place) {
      const { client, journal } = place
      const order: string[] = []
      client.callLater(0, () => {
        client.callLater(0, () => order.push('later'))
        void Promise.resolve().then(() => order.push('promise'))
        order.push('now')
      })
      await place.until(() => order.length === 3)
      for (const name of order) journal.note('calls', name)
    },
  },
]
