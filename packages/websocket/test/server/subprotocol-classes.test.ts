import { HTTPError } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { classesOf, subprotocolNames, type Subprotocols } from '../../src/server/subprotocol-classes.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { type ChosenSubprotocol, WebSocketServerFactory } from '../../src/server/websocket-server-factory.ts'
import { type Client, ManyClients } from '../many-clients.ts'

class Chat extends WebSocketProtocol {}
class ChatV2 extends Chat {}

/** Opens a WebSocket of `resource`; returns the status, the subprotocol in the response, and that of the protocol. */
async function chosen(
  resource: WebSocketResource,
  offered: string | undefined,
): Promise<[number, string | undefined, string | undefined, WebSocketProtocol | undefined]> {
  const clients = new ManyClients(resource)
  const client = await clients.asking({ 'Sec-WebSocket-Protocol': offered })
  const [protocol] = resource.connections
  return [client.status, subprotocolIn(client), protocol?.transport.subprotocol, protocol]
}

function subprotocolIn(client: Client): string | undefined {
  return /\r\nSec-WebSocket-Protocol: (.*)\r\n/i.exec(client.transport.value('latin1'))?.[1]
}

describe('the option subprotocols', () => {
  test('chooses none when none is configured, whatever is offered', async () => {
    for (const offered of [undefined, 'chat', 'chat, superchat'])
      expect((await chosen(WebSocketResource.forProtocol(Chat), offered)).slice(0, 3)).toEqual([
        101,
        undefined,
        undefined,
      ])
  })

  test.each([
    ['superchat, chat', 'chat'],
    ['chat, chat.v2', 'chat'],
    ['chat.v2, chat', 'chat.v2'],
    [',chat.v2,,', 'chat.v2'],
    ['Chat', undefined],
    ['chat.v', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('of a list chooses the first one that is offered: %s', async (offered, subprotocol) => {
    const resource = WebSocketResource.forProtocol(Chat, { subprotocols: ['chat.v2', 'chat'] })
    const [status, ...agreed] = await chosen(resource, offered)
    expect([status, ...agreed.slice(0, 2)]).toEqual([101, subprotocol, subprotocol])
    expect(agreed[2]).toBeInstanceOf(Chat)
  })

  test('of an object makes the class of the subprotocol, or the first argument', async () => {
    class Other extends Chat {}
    for (const [offered, Class] of [
      ['chat.v2', ChatV2],
      ['chat', Chat],
      ['other, chat.v2', ChatV2],
      ['unknown', Other],
      [undefined, Other],
    ] as const) {
      const subprotocols = { 'chat.v2': ChatV2, chat: Chat }
      const [, , , protocol] = await chosen(WebSocketResource.forProtocol(Other, { subprotocols }), offered)
      expect(protocol?.constructor, offered).toBe(Class)
    }
  })

  test('never finds a name that an object inherits', async () => {
    const resource = WebSocketResource.forProtocol(Chat, { subprotocols: { chat: Chat } })
    for (const offered of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      expect((await chosen(resource, offered)).slice(0, 2), offered).toEqual([101, undefined])
  })

  test('refuses names that are not tokens or appear twice, and classes that are not protocols', () => {
    for (const [subprotocols, message] of [
      ['chat', /^Cannot take subprotocols "chat" .* give a list such as \['chat'\]/],
      [5, /^Cannot take subprotocols 5 /],
      [null, /^Cannot take subprotocols null /],
      [['a b'], /^Cannot take subprotocols\[0\] "a b" /],
      [['chat', ''], /^Cannot take subprotocols\[1\] "" /],
      [['chat', 'chat'], /^Cannot take subprotocols\[1\] "chat" .* each of them once$/],
      [[5], /^Cannot take subprotocols\[0\] 5 /],
      [{ 'a,b': Chat }, /^Cannot take subprotocols\.a,b "a,b" /],
      [{ chat: Map }, /^Cannot take subprotocols\.chat the function Map .* a class that extends/],
      [{ chat: undefined }, /^Cannot take subprotocols\.chat undefined /],
    ] as const)
      expect(() =>
        WebSocketResource.forProtocol(Chat, { subprotocols: subprotocols as unknown as Subprotocols<Chat> }),
      ).toThrow(message)
    expect(subprotocolNames(undefined)).toBeUndefined()
    expect(classesOf(Chat).size).toBe(0)
  })
})

describe('selectSubprotocol', () => {
  class Choosing extends WebSocketServerFactory<Chat> {
    readonly #choose: (offered: readonly string[]) => ChosenSubprotocol
    readonly built: (string | undefined)[] = []
    constructor(choose: (offered: readonly string[]) => ChosenSubprotocol) {
      super()
      this.#choose = choose
    }
    override selectSubprotocol(offered: readonly string[]): ChosenSubprotocol {
      return this.#choose(offered)
    }
    override buildProtocol(
      ...[request, { subprotocol }]: Parameters<WebSocketServerFactory['buildProtocol']>
    ) {
      this.built.push(subprotocol)
      // A program cannot name another one.
      request.setHeader('Sec-WebSocket-Protocol', 'planted')
      return subprotocol === 'v2' ? new ChatV2() : new Chat()
    }
  }

  test('is called before buildProtocol, may return a promise, and alone names the subprotocol', async () => {
    for (const choose of [
      (offered: readonly string[]) => offered.at(-1),
      (offered: readonly string[]) => Promise.resolve(offered.at(-1)),
    ]) {
      const factory = new Choosing(choose)
      const [status, sent, subprotocol, protocol] = await chosen(new WebSocketResource(factory), 'v1, v2')
      expect([status, sent, subprotocol]).toEqual([101, 'v2', 'v2'])
      expect(protocol).toBeInstanceOf(ChatV2)
      expect(factory.built).toEqual(['v2'])
    }
    const none = await chosen(new WebSocketResource(new Choosing(() => Promise.resolve(null))), 'v1')
    expect(none.slice(0, 3)).toEqual([101, undefined, undefined])
  })

  test('refuses with the HTTPError that it throws or rejects with', async () => {
    const refuse = (): never => {
      throw new HTTPError(400, 'Offer chat.v2')
    }
    for (const choose of [refuse, () => Promise.resolve().then(refuse)]) {
      const factory = new Choosing(choose)
      expect((await chosen(new WebSocketResource(factory), 'v1'))[0]).toBe(400)
      expect(factory.built).toEqual([])
    }
  })

  test('is refused with 500 for a subprotocol that was not offered', async () => {
    for (const choose of [() => 'v3', () => Promise.resolve('V1'), () => '']) {
      const factory = new Choosing(choose)
      const clients = new ManyClients(new WebSocketResource(factory))
      const client = await clients.asking({ 'Sec-WebSocket-Protocol': 'v1' })
      expect(client.status).toBe(500)
      expect(clients.reactor.flushLoggedErrors(RangeError)).toHaveLength(1)
    }
  })
})
