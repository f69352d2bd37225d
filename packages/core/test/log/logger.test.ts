import { describe, expect, test } from 'vitest'
import { Protocol } from '../../src/index.ts'
import { Logger } from '../../src/log.ts'
import { LogRecorder, MemoryReactor, StringTransport } from '../../src/testing.ts'

describe('Logger', () => {
  const make = (): { logger: Logger; recorder: LogRecorder } => {
    const recorder = new LogRecorder()
    return { recorder, logger: new Logger('shop', { log: recorder.observer }) }
  }

  test.each(['debug', 'info', 'warn', 'error', 'critical'] as const)(
    'logs events of the level %s',
    (level) => {
      const { logger, recorder } = make()
      logger[level]('{n} ropes', { n: 2 })
      expect(recorder.events).toEqual([{ level, namespace: 'shop', text: '{n} ropes', fields: { n: 2 } }])
      expect(recorder.lines).toEqual(['shop 2 ropes'])
    },
  )

  test('logs failures with the error that was thrown', () => {
    const { logger, recorder } = make()
    const error = new Error('why')
    logger.failure('{n} failed', error, { n: 2 })
    expect(recorder.events).toEqual([
      { level: 'error', namespace: 'shop', text: '{n} failed', fields: { n: 2 }, error },
    ])
  })

  test('logs to a reactor, which sets the time', () => {
    const reactor = new MemoryReactor()
    new Logger('shop', { reactor }).info('Open')
    expect(reactor.logged).toEqual([
      { level: 'info', namespace: 'shop', text: 'Open', timeMs: reactor.wallClock() },
    ])
  })

  test('names the connection of a protocol as soon as it has one', () => {
    const { logger, recorder } = make()
    class Echo extends Protocol {
      readonly logger = logger.about(this)
    }
    const protocol = new Echo()
    protocol.logger.info('Not yet')
    const transport = StringTransport.connect(protocol)
    protocol.logger.info('Now')
    transport.abortConnection()
    transport.pump()
    protocol.logger.info('Still')
    const connection = { id: transport.id, peer: transport.getPeer(), protocol: 'Echo' }
    expect(recorder.events.map((event) => event.connection)).toEqual([undefined, connection, connection])
    expect(recorder.events.every(({ source }) => source === protocol)).toBe(true)
    expect(recorder.lines.at(-1)).toBe(`shop [Echo ${transport.id} 192.168.1.1:54321] Still`)
  })

  test.each([{}, { transport: undefined }, { transport: { id: 1 } }])(
    'has no connection for the source %o',
    (source) => {
      const recorder = new LogRecorder()
      new Logger('shop', { log: recorder.observer, source }).info('Open')
      expect(recorder.events).toEqual([{ level: 'info', namespace: 'shop', text: 'Open', source }])
    },
  )
})
