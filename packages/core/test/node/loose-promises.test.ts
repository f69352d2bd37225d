import { describe, expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

/**
 * Programs that ignore promises which a peer, a stop or a signal rejects. They get SIGTERM once they write
 * `ready`.
 */
describe('a program that awaits no promise', () => {
  const SERVER = `
    import {
      ClientService, getProcessOutput, interval, Lock, LoopingCall, Queue, react, Semaphore, sleep, StreamProtocol, TCPClientEndpoint,
      TimerService, deferLater, connectProtocol, runServices, MultiService,
    } from '@ropewalk/core'
    const ready = () => console.log('ready')
    const none = new TCPClientEndpoint(reactor, '127.0.0.1', 9)
    const port = await reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' })
    const connect = (factory) => reactor.connectTCP('127.0.0.1', port.getHost().port, factory)
    const pairOf = (Server, Client = Protocol) => reactor.listenTCP(0, Factory.forProtocol(Server), { interface: '127.0.0.1' })
      .then((own) => reactor.connectTCP('127.0.0.1', own.getHost().port, Factory.forProtocol(Client)).whenConnected())
    const never = () => new Promise(() => undefined)
    const leave = (client) => client.transport.abortConnection()
  `
  const run = (source: string): ReturnType<typeof runProgram> =>
    runProgram(
      `${SERVER}\n${source}\nawait reactor.run()\nconsole.log('over')`,
      (line, child) => void (line === 'ready' && child.kill('SIGTERM')),
    )

  test.each<[string, string]>([
    [
      'whenConnected of a service at a stop',
      `const feed = new ClientService(none, Factory.forProtocol(Protocol), { reactor })
       const { stopService } = feed
       reactor.addSystemEventTrigger('before', 'shutdown', () => feed.stopService())
       await feed.startService()
       void feed.whenConnected().then(() => console.log('never'))
       void (async () => { await feed.whenConnected() })()
       reactor.callWhenRunning(ready)`,
    ],
    [
      'a looping call that calls whenConnected',
      `const feed = new ClientService(none, Factory.forProtocol(Protocol), { reactor })
       reactor.addSystemEventTrigger('before', 'shutdown', () => feed.stopService())
       await feed.startService()
       void new LoopingCall(() => feed.whenConnected()).start(10, { reactor })
       reactor.callWhenRunning(ready)`,
    ],
    [
      'a looping call that fails',
      `void new LoopingCall(() => { throw new Error('mine') }).start(1, { reactor, now: false })
       reactor.callLater(20, ready)`,
    ],
    [
      'waits with the signal of a connection',
      `class Waiting extends Protocol {
         connectionMade() {
           const { signal } = this.transport
           void sleep(100_000, { reactor, signal }).then(() => 1)
           const lock = new Lock()
           void lock.acquire()
           void lock.run(() => 1, { signal }).then(() => 1)
           void new Queue().get({ signal }).then(() => 1)
           void (async () => { for await (const tick of interval(100_000, { reactor, signal })) tick })()
           void new LoopingCall(() => 1).start(100_000, { reactor, signal })
         }
         connectionLost() { ready() }
       }
       void pairOf(Waiting).then(leave)`,
    ],
    [
      'a write to a peer that disconnects',
      `class Writing extends Protocol {
         connectionMade() {
           const { transport } = this
           void transport.send(Buffer.alloc(10_000_000)).then(() => 1)
           void (async () => { await transport.send('x') })()
           void new Semaphore(1).run(() => transport.send('y'))
           void deferLater(reactor, 0, () => transport.send('z'))
           void transport.pipeFrom((async function* () { yield 'a'; await never() })()).finally(() => 1)
         }
         connectionLost() { ready() }
       }
       class Away extends Protocol { connectionMade() { this.transport.pauseProducing(); reactor.callLater(20, () => leave(this)) } }
       void pairOf(Writing, Away)`,
    ],
    [
      'a read from a peer that disconnects',
      `class Reading extends StreamProtocol {
         async run(reader, writer) {
           void reader.readLine().then(() => 1)
           void (async () => { for await (const piece of reader) piece })().catch(() => 1)
           await never()
         }
         connectionLost(reason) { super.connectionLost(reason); ready() }
       }
       void pairOf(Reading).then(leave)`,
    ],
    [
      'a get from a queue that is closed',
      `const queue = new Queue()
       void queue.get().then(() => 1)
       void (async () => { await queue.get() })()
       reactor.callWhenRunning(() => { queue.close(); ready() })`,
    ],
    [
      'a connection attempt at a stop',
      `const connector = connect(Factory.forProtocol(Protocol))
       void connector.whenConnected().then(() => 1)
       reactor.callWhenRunning(() => void reactor.stop())`,
    ],
    [
      'connections that are refused',
      `reactor.callWhenRunning(async () => {
         await port.stopListening()
         void connect(Factory.forProtocol(Protocol)).whenConnected().then(() => 1)
         void (async () => { await new TCPClientEndpoint(reactor, '127.0.0.1', port.getHost().port).connect(Factory.forProtocol(Protocol)) })()
         reactor.callLater(50, ready)
       })`,
    ],
    [
      'a timer service that fails',
      `const timer = new TimerService(1, () => Promise.reject(new Error('mine')), { reactor })
       void timer.startService()
       reactor.callLater(20, ready)`,
    ],
    [
      'the output of a command at a stop',
      `reactor.callWhenRunning(() => {
         void getProcessOutput('sleep', ['100']).then(() => 1)
         void (async () => { await getProcessOutput('sleep', ['100']) })().catch(() => 1)
         ready()
       })`,
    ],
    [
      'stops, before and while it runs',
      `void reactor.stop()
       reactor.callWhenRunning(() => { void reactor.stop(); void (async () => { await reactor.stop(); await reactor.stop() })() })`,
    ],
  ])('is not ended by %s', async (_what, source) => {
    const ended = await run(source)
    expect([ended.code, ended.output.split('\n').at(-2), ended.errors]).toEqual([
      0,
      'over',
      expect.any(String),
    ])
  })

  test('is ended by a rejection of its own code, as without a reactor', async () => {
    const ended = await runProgram(`
      reactor.callWhenRunning(() => void Promise.reject(new TypeError('mine')))
      await reactor.run()`)
    expect(ended.code).toBe(1)
    expect(ended.errors).toMatch(/TypeError: mine\n +at /)
  })
})
