import { ConnectionLost } from '@ropewalk/core'
import { NOT_DONE_YET, type RenderResult, type Request, Resource } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import { abandon } from '../../src/connection/gone-connection.ts'
import { Pending } from '../pending-protocol.ts'
import { SiteExchange } from '../websocket-exchange.ts'

const CAUSE = new ConnectionLost('gone')

async function abandoned(protocol: Pending): Promise<SiteExchange> {
  class Abandoning extends Resource {
    override readonly isLeaf = true
    override render(request: Request): RenderResult {
      abandon(protocol, request, CAUSE)
      return NOT_DONE_YET
    }
  }
  const exchange = new SiteExchange(new Abandoning())
  await exchange.send('GET /a HTTP/1.1\r\nHost: h\r\n\r\n')
  return exchange
}

describe('abandon', () => {
  test('calls negotiationStarted with a transport that sends nothing, and connectionLost', async () => {
    const protocol = new Pending()
    await abandoned(protocol)
    expect(protocol.closed).toEqual([
      {
        code: 1006,
        reason: '',
        closedBy: 'neither',
        sentCode: undefined,
        sentReason: '',
        violation: undefined,
        wasClean: false,
        cause: CAUSE,
      },
    ])
    const { transport } = protocol
    expect(transport.open).toBe(false)
    expect(transport.signal.reason).toBe(CAUSE)
    expect(transport.request.path).toBe('/a')
    expect(transport.reactor).toBe(transport.request.reactor)
    expect(transport.getPeer()).toMatchObject({ host: '192.168.1.1' })
    expect(transport.getHost()).toMatchObject({ host: '10.0.0.1' })
    expect([transport.subprotocol, transport.bufferedBytes]).toEqual([undefined, 0])
    expect([
      transport.sendTextMessage('a'),
      transport.sendBytesMessage(Buffer.of(1)),
      transport.ping(),
      transport.pong(),
    ]).toEqual(['dropped', 'dropped', 'dropped', 'dropped'])
    expect([transport.latencyMs, await transport.measureLatency()]).toEqual([undefined, undefined])
    expect(transport.traffic).toEqual({
      messagesReceived: 0,
      messagesSent: 0,
      bytesReceived: 0,
      bytesSent: 0,
    })
    expect(await transport.drained()).toBe(false)
    let stopped = 0
    transport.attachProducer({ resumeProducing: () => undefined, stopProducing: () => stopped++ }, false)
    expect(stopped).toBe(1)
    transport.detachProducer()
    transport.pauseProducing()
    transport.resumeProducing()
    transport.loseConnection()
    transport.abortConnection()
  })

  test('logs errors that the protocol throws or rejects with, except the end of its connection', async () => {
    class Throwing extends Pending {
      override connectionLost(): unknown {
        return Promise.reject(this.error)
      }
      readonly error: unknown
      constructor(error: unknown) {
        super()
        this.error = error
      }
      override negotiationStarted(): void {
        throw this.error
      }
    }
    const failing = await abandoned(new Throwing(new Error('unrelated')))
    expect(failing.reactor.logged).toMatchObject([
      { level: 'error', error: { message: 'unrelated' } },
      { level: 'error', error: { message: 'unrelated' } },
    ])
    const ended = await abandoned(new Throwing(CAUSE))
    expect(ended.reactor.logged).toEqual([])
  })
})
