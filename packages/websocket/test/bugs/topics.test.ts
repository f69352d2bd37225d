import { describe, expect, test } from 'vitest'
import { connectedWebSockets } from '../../src/testing.ts'
import { Topics } from '../../src/topics.ts'
import { Recorder } from './parties.ts'

describe('bugs of other libraries: topics', () => {
  test('CVE-2020-36406 of uWebSockets: a topic of many levels overflows the stack', async () => {
    const [server, client] = [new Recorder(), new Recorder()]
    const { reactor, settle } = await connectedWebSockets(server, client)
    const topics = new Topics({ reactor })
    const deepest = 'a/'.repeat(100)
    for (const topic of ['a/'.repeat(10_000), 'x'.repeat(1 << 20), 'é'.repeat(101), '']) {
      expect(() => topics.subscribe(topic, server)).toThrow(RangeError)
      expect(() => topics.publish(topic, 'x')).toThrow(RangeError)
    }
    for (let levels = 1; levels <= 100; levels++) await topics.subscribe('a/'.repeat(levels), server)
    topics.publish(deepest, 'deep')
    await settle()
    expect(client.messages).toEqual(['deep'])
  })

  test.each(['__proto__', 'constructor', 'toString', '#', '*', '+', '/'])(
    'the topic %s is taken for something else than a name',
    async (topic) => {
      const [server, client] = [new Recorder(), new Recorder()]
      const { reactor, settle } = await connectedWebSockets(server, client)
      const topics = new Topics({ reactor })
      topics.publish(topic, 'before')
      await topics.subscribe(topic, server)
      topics.publish(topic, 'to all')
      topics.publish('another', 'to none')
      await settle()
      expect(client.messages).toEqual(['to all'])
    },
  )
})
