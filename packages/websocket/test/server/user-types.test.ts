import type { Request } from '@ropewalk/http'
import { RequestSlot } from '@ropewalk/http/resources'
import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type AcceptedHandshake,
  ConnectedWebSocket,
  type UserOf,
  WebSocketProtocol,
  WebSocketResource,
  WebSocketServerFactory,
  type WithoutUser,
} from '../../src/index.ts'
import { connectedWebSockets } from '../../src/testing.ts'

interface Account {
  readonly name: string
}
const ACCOUNT = new RequestSlot<Account>('account')

class Chat extends WebSocketProtocol<Account> {
  override textMessageReceived(text: string) {
    this.transport.sendTextMessage(`${this.user.name}: ${text}`)
  }
}
class ChatV2 extends Chat {}
class OtherChat extends WebSocketProtocol<Account> {
  readonly other = true
}
class Lines extends WebSocketProtocol {
  readonly lines = 1
}
class Echo extends WebSocketProtocol {}
class Guest extends WebSocketProtocol<Account | undefined> {}

/** Checked by `npm run build`, which type-checks the tests: vitest strips the types. */
describe('types of users', () => {
  test('the protocol states its type of user, and authenticate must return one', () => {
    expectTypeOf<Chat['user']>().toEqualTypeOf<Account>()
    expectTypeOf<Echo['user']>().toEqualTypeOf<unknown>()
    expectTypeOf<UserOf<ChatV2>>().toEqualTypeOf<Account>()
    const chat = WebSocketResource.forProtocol(Chat, {
      authenticate: async (request) => {
        expectTypeOf(request).toEqualTypeOf<Request>()
        await Promise.resolve()
        return request.getHeader('X-Name') === undefined ? undefined : { name: 'ada' }
      },
      maxConnections: 5,
    })
    expectTypeOf(chat).toEqualTypeOf<WebSocketResource<Chat>>()
    expectTypeOf(chat.connections).toEqualTypeOf<ReadonlySet<Chat>>()
    WebSocketResource.forProtocol(Chat, { authenticate: (request) => ACCOUNT.get(request) })
    WebSocketResource.forProtocol(Chat, { authenticate: () => new Response('no', { status: 401 }) })
    // @ts-expect-error -- the user has no name
    WebSocketResource.forProtocol(Chat, { authenticate: () => ({ id: 1 }) })
    // @ts-expect-error -- a promise of another type
    WebSocketResource.forProtocol(Chat, { authenticate: () => Promise.resolve('ada') })
    // A subclass that is more special is a WebSocketResource too.
    const all: readonly WebSocketResource[] = [chat, WebSocketResource.forProtocol(Echo)]
    expect(all).toHaveLength(2)
  })

  test('authenticate is required by a protocol with a user', () => {
    // @ts-expect-error -- nothing makes the Account
    WebSocketResource.forProtocol(Chat)
    // @ts-expect-error -- nothing makes the Account
    WebSocketResource.forProtocol(Chat, { maxConnections: 5 })
    expect(WebSocketResource.forProtocol(Guest)).toBeInstanceOf(WebSocketResource)
    WebSocketResource.forProtocol(Guest, { authenticate: () => ({ name: 'ada' }) })
    WebSocketResource.forProtocol(Echo, { authenticate: () => 'anything' })
  })

  test('a missing authenticate is named by the error of the compiler', async () => {
    const missing = 'the option authenticate is missing: it returns this.user'
    expectTypeOf<WithoutUser<Chat>>().toEqualTypeOf<typeof missing>()
    expectTypeOf<WithoutUser<Guest | Echo>>().toEqualTypeOf<unknown>()
    // @ts-expect-error -- nothing makes the Account
    await connectedWebSockets(new Chat(), new Echo())
    // @ts-expect-error -- nothing makes the Account
    await connectedWebSockets(new Chat(), new Echo(), { path: '/' })
    // @ts-expect-error -- nothing makes the Account
    await connectedWebSockets(new Chat(), new Echo(), { server: { maxConnections: 5 } })
    // @ts-expect-error -- not an Account
    await connectedWebSockets(new Chat(), new Echo(), { server: { authenticate: () => 'ada' } })
    await connectedWebSockets(new Guest(), new Chat(), { path: '/' })
    const chat = new Chat()
    const authenticate = () => ({ name: 'ada' })
    await connectedWebSockets(chat, new Echo(), { server: { authenticate } })
    expect(chat.user).toEqual({ name: 'ada' })
  })

  test('a class per subprotocol has the user of the first class', () => {
    const authenticate = () => ({ name: 'ada' })
    WebSocketResource.forProtocol(Chat, { authenticate, subprotocols: { 'chat.v2': ChatV2, chat: Chat } })
    WebSocketResource.forProtocol(Chat, { authenticate, subprotocols: ['chat'] })
    WebSocketResource.forProtocol(Echo, { subprotocols: { 'echo.v2': Guest } })
    const both = WebSocketResource.forProtocol<Chat | OtherChat>(Chat, {
      authenticate,
      subprotocols: { other: OtherChat },
    })
    expectTypeOf(both.connections).toEqualTypeOf<ReadonlySet<Chat | OtherChat>>()
    const inferred = WebSocketResource.forProtocol(Chat, {
      authenticate: (request) => {
        expectTypeOf(request).toEqualTypeOf<Request>()
        return { name: 'ada' }
      },
      subprotocols: { 'chat.v2': ChatV2, other: OtherChat, lines: Lines },
    })
    expectTypeOf(inferred.connections).toEqualTypeOf<ReadonlySet<Chat | ChatV2 | OtherChat | Lines>>()
    const [named, untyped] = [['chat'], { other: OtherChat, lines: Lines }]
    const ofNames = WebSocketResource.forProtocol(Chat, { authenticate, subprotocols: named })
    expectTypeOf(ofNames).toEqualTypeOf<WebSocketResource<Chat>>()
    const ofObject = WebSocketResource.forProtocol(Chat, { authenticate, subprotocols: untyped })
    expectTypeOf(ofObject.connections).toEqualTypeOf<ReadonlySet<Chat | OtherChat | Lines>>()
    // @ts-expect-error -- not a protocol
    expect(() => WebSocketResource.forProtocol(Echo, { subprotocols: { other: Map } })).toThrow(TypeError)
  })

  test('each of the classes needs the user that authenticate returns', () => {
    expectTypeOf<UserOf<Echo | Chat | Guest>>().toEqualTypeOf<Account>()
    const subprotocols = { chat: Chat }
    // @ts-expect-error -- nothing makes the Account
    WebSocketResource.forProtocol(Lines, { subprotocols })
    // @ts-expect-error -- not an Account
    WebSocketResource.forProtocol(Lines, { subprotocols, authenticate: () => 'ada' })
    WebSocketResource.forProtocol(Lines, { subprotocols, authenticate: () => ({ name: 'ada' }) })
  })

  test('a ConnectedWebSocket states its type of user as a protocol does', () => {
    class Served extends ConnectedWebSocket<Account> {
      override async run() {
        expectTypeOf(this.user).toEqualTypeOf<Account>()
        await this.send(this.user.name)
      }
    }
    const served = WebSocketResource.forProtocol(Served, { authenticate: () => ({ name: 'ada' }) })
    expectTypeOf(served).toEqualTypeOf<WebSocketResource<Served>>()
    // @ts-expect-error -- nothing makes the Account
    WebSocketResource.forProtocol(Served)
    expectTypeOf<ConnectedWebSocket['user']>().toEqualTypeOf<unknown>()
    expect(WebSocketResource.forProtocol(ConnectedWebSocket)).toBeInstanceOf(WebSocketResource)
  })

  test('a factory gets the user of its protocol, and its resource requires authenticate', () => {
    class Rooms extends WebSocketServerFactory<Chat> {
      override buildProtocol(_request: Request, { user, subprotocol }: AcceptedHandshake<Account>): Chat {
        expectTypeOf(subprotocol).toEqualTypeOf<string | undefined>()
        expectTypeOf(user.name).toEqualTypeOf<string>()
        return new Chat()
      }
    }
    const rooms = new Rooms()
    expectTypeOf(rooms.connections).toEqualTypeOf<ReadonlySet<Chat>>()
    const resource = new WebSocketResource(rooms, { authenticate: () => ({ name: 'ada' }) })
    expectTypeOf(resource).toEqualTypeOf<WebSocketResource<Chat>>()
    // @ts-expect-error -- nothing makes the Account
    expect(() => new WebSocketResource(rooms)).not.toThrow()
    class Plain extends WebSocketServerFactory {
      override buildProtocol(): Echo {
        return new Echo()
      }
    }
    expect(new WebSocketResource(new Plain()).connections.size).toBe(0)
  })
})
