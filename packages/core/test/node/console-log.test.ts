import { afterEach, describe, expect, test, vi } from 'vitest'
import type { LogEvent } from '../../src/interfaces/log.ts'
import { logToStderr } from '../../src/node/console-log.ts'
import { createReactor } from '../../src/node/node-reactor.ts'
import { Factory } from '../../src/protocol/factory.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { LogRecorder } from '../../src/testing/log-recorder.ts'
import { OneProtocol } from '../one-protocol.ts'
import { runProgram } from './run-program.ts'
import { portOf, until } from './socket-harness.ts'

afterEach(() => void vi.restoreAllMocks())

const recorded = (): string[] => {
  const texts: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => texts.push(String(text)) > 0)
  return texts
}

describe('logToStderr', () => {
  const textOf = (event: LogEvent): string => {
    const texts = recorded()
    logToStderr(event)
    return texts.join('')
  }

  test('writes time, level, namespace, label and text in one line', () => {
    const event: LogEvent = {
      level: 'warn',
      namespace: 'ropewalk',
      text: 'Slow',
      label: 'key.pem',
      timeMs: 0,
    }
    expect(textOf(event)).toBe('1970-01-01T00:00:00.000Z warn ropewalk [key.pem] Slow\n')
  })

  test('writes the stack of an error, and shows whatever else was thrown', () => {
    const error = Object.assign(new Error('broken'), { stack: 'Error: broken\n    at x' })
    expect(textOf({ level: 'error', text: 'It failed', error })).toBe(
      'error It failed\n    Error: broken\n        at x\n',
    )
    expect(textOf({ level: 'error', text: 'It failed', error: { code: 7 } })).toBe(
      'error It failed\n    {"code":7}\n',
    )
  })

  test('drops debug events', () => {
    expect(textOf({ level: 'debug', text: 'detail' })).toBe('')
  })

  test('lets the process live when nobody reads stderr any more', async () => {
    const program = `
      process.on('SIGUSR2', () => {
        reactor.log({ level: 'error', text: 'Is anybody there?' })
        reactor.callLater(50, () => { console.log('alive'); return reactor.stop() })
      })
      reactor.callWhenRunning(() => console.log('ready'))
      await reactor.run()`
    const ended = await runProgram(program, (line, child) => {
      if (line !== 'ready') return
      child.stderr?.once('close', () => child.kill('SIGUSR2')).destroy()
    })
    expect(ended).toMatchObject({ code: 0, output: 'ready\nalive\n' })
  })
})

describe('createReactor', () => {
  test('tells one observer or several, with the time', () => {
    const [one, other] = [new LogRecorder(), new LogRecorder()]
    const beforeMs = createReactor({ log: one.observer }).wallClock()
    const reactor = createReactor({ log: [one.observer, other.observer] })
    reactor.log({ level: 'info', text: 'Open' })
    expect(one.events).toEqual(other.events)
    expect(one.events).toMatchObject([{ namespace: 'ropewalk', text: 'Open' }])
    expect(one.events[0]?.timeMs).toBeGreaterThanOrEqual(beforeMs)
    expect(one.events[0]?.timeMs).toBeLessThanOrEqual(reactor.wallClock())
  })

  test('aborts the connection of a fault that its observer cannot log, and says both on stderr (K138)', async () => {
    const texts = recorded()
    const broken = (): never => {
      throw new Error('no disk')
    }
    const reactor = createReactor({ log: broken })
    class Failing extends Recorder {
      override dataReceived(): never {
        throw new Error('a fault')
      }
    }
    const port = await reactor.listenTCP(0, Factory.forProtocol(Failing), { interface: '127.0.0.1' })
    const client = new Recorder()
    await reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client)).whenConnected()
    client.transport.write('x')
    await until(() => client.lost)
    await port.stopListening()
    expect([...reactor.connections]).toEqual([])
    expect(texts).toEqual([
      expect.stringMatching(/ error ropewalk A log observer failed\n {4}Error: no disk/),
      expect.stringMatching(/ error ropewalk \[Failing \d+ 127.*\] A protocol failed.*\n {4}Error: a fault/),
    ])
  })
})
