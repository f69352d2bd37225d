import { describe, expect, test } from 'vitest'
import { Inbox, type Message } from '../../src/connection/inbox.ts'

/**
 * Records deliveries. The promise of a message that begins with `wait` is pending until `settle` is called.
 */
class Reader {
  readonly delivered: string[] = []
  changes = 0
  settle: () => void = () => undefined
  during: (text: string) => void = () => undefined

  deliver(message: Message): Promise<void> | undefined {
    const text = message.type === 'text' ? message.text : `${message.data.length} bytes`
    this.delivered.push(text)
    this.during(text)
    if (text.startsWith('wait')) return new Promise((resolve) => (this.settle = resolve))
    return text.startsWith('quick') ? Promise.resolve() : undefined
  }

  inboxChanged(): void {
    this.changes++
  }
}

function inboxFor(reader: Reader, maxMessagesAhead = 16, maxBytesAhead = 65_536): Inbox {
  return new Inbox({ maxMessagesAhead, maxBytesAhead }, reader)
}

function textMessage(value: string): Message {
  return { type: 'text', text: value }
}

async function turn(): Promise<void> {
  for (let tick = 0; tick < 50; tick++) await Promise.resolve()
}

describe('Inbox', () => {
  test('delivers at once while no callback is pending', () => {
    const reader = new Reader()
    const inbox = inboxFor(reader)
    inbox.push(textMessage('a'))
    inbox.push({ type: 'bytes', data: Buffer.alloc(3) })
    expect(reader.delivered).toEqual(['a', '3 bytes'])
    expect(inbox.idle).toBe(true)
  })

  test('holds messages back while a promise is pending, then delivers them in order', async () => {
    const reader = new Reader()
    const inbox = inboxFor(reader)
    for (const value of ['wait', 'a', 'wait more', 'b']) inbox.push(textMessage(value))
    expect(reader.delivered).toEqual(['wait'])
    expect(inbox.idle).toBe(false)
    reader.settle()
    await turn()
    expect(reader.delivered).toEqual(['wait', 'a', 'wait more'])
    reader.settle()
    await turn()
    expect(reader.delivered).toEqual(['wait', 'a', 'wait more', 'b'])
    expect(inbox.idle).toBe(true)
    expect(reader.changes).toBe(2)
  })

  test('holds messages back while a callback passed to waitFor is pending', async () => {
    const reader = new Reader()
    const inbox = inboxFor(reader)
    let settle = (): void => undefined
    inbox.waitFor(new Promise((resolve) => (settle = resolve)))
    inbox.push(textMessage('a'))
    expect(reader.delivered).toEqual([])
    settle()
    await turn()
    expect(reader.delivered).toEqual(['a'])
  })

  test('delivers nothing while paused, and nothing inside resume', async () => {
    const reader = new Reader()
    const inbox = inboxFor(reader)
    inbox.pause()
    inbox.push(textMessage('a'))
    inbox.push(textMessage('b'))
    inbox.resume()
    expect(reader.delivered).toEqual([])
    reader.during = (value) => value === 'a' && inbox.pause()
    await turn()
    expect(reader.delivered).toEqual(['a'])
    inbox.resume()
    inbox.pause()
    await turn()
    expect(reader.delivered).toEqual(['a'])
    inbox.resume()
    await turn()
    expect(reader.delivered).toEqual(['a', 'b'])
  })

  test('delivers no message inside the callback of another', () => {
    const reader = new Reader()
    const inbox = inboxFor(reader)
    const open: string[] = []
    reader.during = (value) => {
      open.push(value)
      if (value === 'a') inbox.push(textMessage('b'))
      expect(open.pop()).toBe(value)
      expect(open).toEqual([])
    }
    inbox.push(textMessage('a'))
    expect(reader.delivered).toEqual(['a', 'b'])
  })

  test('is full with one message more than its bound, and not with one fewer', async () => {
    const reader = new Reader()
    const inbox = inboxFor(reader, 2)
    for (const value of ['wait', 'a', 'b']) inbox.push(textMessage(value))
    expect(inbox.full).toBe(false)
    inbox.push(textMessage('c'))
    expect(inbox.full).toBe(true)
    reader.during = () => inbox.pause()
    reader.settle()
    await turn()
    expect(reader.delivered).toEqual(['wait', 'a'])
    expect(inbox.full).toBe(false)
  })

  test('is full with one byte more than its bound, counted in UTF-8', async () => {
    for (const [messages, isFull] of [
      [[textMessage('é')], false],
      [[textMessage('é'), textMessage('a')], true],
      [[{ type: 'bytes', data: Buffer.alloc(2) }], false],
      [[{ type: 'bytes', data: Buffer.alloc(3) }], true],
    ] as const) {
      const reader = new Reader()
      const inbox = inboxFor(reader, 16, 2)
      inbox.pause()
      for (const message of messages) inbox.push(message)
      expect(inbox.full, JSON.stringify(messages)).toBe(isFull)
      inbox.resume()
      await turn()
      expect(inbox.full).toBe(false)
      expect(inbox.idle).toBe(true)
    }
  })

  test('drops held and later messages once it is closed', async () => {
    const reader = new Reader()
    const inbox = inboxFor(reader)
    for (const value of ['wait', 'a']) inbox.push(textMessage(value))
    inbox.close()
    inbox.push(textMessage('b'))
    expect(inbox.full).toBe(false)
    expect(inbox.idle).toBe(false)
    reader.settle()
    await turn()
    expect(reader.delivered).toEqual(['wait'])
    expect(inbox.idle).toBe(true)
  })
})

describe('Inbox.settled', () => {
  /** Whether `settled` resolves within 50 microtasks. */
  async function resolves(inbox: Inbox): Promise<boolean> {
    let resolved = false
    void inbox.settled().then(() => (resolved = true))
    await turn()
    return resolved
  }

  test('resolves after all held messages when their callbacks need only microtasks', async () => {
    const reader = new Reader()
    const inbox = inboxFor(reader)
    for (let at = 0; at < 17; at++) inbox.push(textMessage(`quick ${at}`))
    let delivered = 0
    void inbox.settled().then(() => (delivered = reader.delivered.length))
    await turn()
    expect(delivered).toBe(17)
  })

  test('resolves although a callback stays pending or the inbox is paused', async () => {
    const reader = new Reader()
    const inbox = inboxFor(reader)
    inbox.push(textMessage('wait'))
    inbox.push(textMessage('held'))
    expect(await resolves(inbox)).toBe(true)
    expect(reader.delivered).toEqual(['wait'])
    reader.settle()
    await turn()
    inbox.pause()
    inbox.push(textMessage('paused'))
    expect(await resolves(inbox)).toBe(true)
    expect(await resolves(inboxFor(reader))).toBe(true)
  })
})
