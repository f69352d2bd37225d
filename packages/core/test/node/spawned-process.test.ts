import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createReactor, NotConnectedError } from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import {
  getProcessOutput,
  ProcessDone,
  ProcessExitedAlready,
  ProcessNotStarted,
  ProcessProtocol,
  ProcessTerminated,
  type SpawnOptions,
} from '../../src/process.ts'
import { SPAWN_RULES } from '../../src/node/spawned-process.ts'
import { RecordingChild } from './recording-child.ts'
import { quiet, until } from './socket-harness.ts'

const NO_SIGNALS = { installSignalHandlers: false }

describe('spawnProcess', () => {
  const logged: LogEvent[] = []
  const reactor = createReactor({ log: (event) => logged.push(event) })
  const shell = (script: string, options?: SpawnOptions, child = new RecordingChild()): RecordingChild => {
    children.push(child)
    reactor.spawnProcess(child, 'sh', ['-c', script], options)
    return child
  }
  const children: RecordingChild[] = []

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exits.length + child.ends.length === 0) child.transport.signalProcess('KILL')
      if (!child.ended) child.transport.loseConnection()
      await until(() => child.ended)
    }
    logged.length = 0
  })

  test('carries bytes both ways, and notifies of the exit before the end, each once', async () => {
    const child = shell('cat; echo "a problem" >&2; exit 3')
    expect(child.transport.write('hello ')).toBe(true)
    child.transport.writeSequence(['big ', Buffer.from('world')])
    child.transport.closeStdin()
    await until(() => child.ended)
    expect([child.text(), child.text(2)]).toEqual(['hello big world', 'a problem\n'])
    expect(child.events[0]).toBe('connectionMade')
    expect(child.events.indexOf('processExited')).toBeGreaterThan(0)
    expect(child.events.at(-1)).toBe('processEnded')
    expect(child.events).toEqual(expect.arrayContaining(['lost 0', 'lost 1', 'lost 2']))
    expect([child.exits, child.ends]).toEqual([child.ends, [expect.any(ProcessTerminated)]])
    expect(child.ends[0]).toMatchObject({
      exitCode: 3,
      signal: undefined,
      message: 'Process ended with status 3',
    })
  })

  test('ends with ProcessDone after status 0, and has a pid while it runs', async () => {
    const child = shell('echo $$')
    await until(() => child.ended)
    expect(child.ends[0]).toBeInstanceOf(ProcessDone)
    expect(child.text()).toBe(`${child.transport.pid}\n`)
  })

  test('notifies of the end only when the last process that holds a pipe is gone, even after the exit', async () => {
    const child = shell('(read line <&3; echo "late $line") & exit 0', { childFDs: { 1: 'r', 3: 'w' } })
    await until(() => child.exits.length > 0)
    await quiet()
    expect([child.ended, child.text()]).toEqual([false, ''])
    child.transport.writeToChild(3, 'but here\n')
    await until(() => child.ended)
    expect(child.text()).toBe('late but here\n')
    expect(child.ends[0]).toBeInstanceOf(ProcessDone)
  })

  test('closes pipes that other processes hold at loseConnection', async () => {
    const child = shell('(read line <&3; exit 0) & exit 0', { childFDs: { 1: 'r', 3: 'w' } })
    await until(() => child.exits.length > 0)
    child.transport.loseConnection()
    await until(() => child.ended)
    expect(child.ends[0]).toBeInstanceOf(ProcessDone)
  })

  test('calls only processEnded for a command that does not exist or may not run', async () => {
    const missing = new RecordingChild()
    const unfit = new RecordingChild()
    const nowhere = new RecordingChild()
    const transport = reactor.spawnProcess(missing, 'no-such-command-anywhere')
    reactor.spawnProcess(unfit, import.meta.dirname)
    reactor.spawnProcess(nowhere, 'sh', [], { cwd: '/no/such/directory' })
    expect([transport.pid, transport.write('x'), transport.bufferedBytes]).toEqual([undefined, false, 0])
    expect(missing.ended).toBe(false)
    await until(() => [missing, unfit, nowhere].every(({ ended }) => ended))
    expect([missing.events, unfit.events, nowhere.events]).toEqual(
      Array.from({ length: 3 }, () => ['processEnded']),
    )
    expect(missing.ends[0]).toBeInstanceOf(ProcessNotStarted)
    expect(missing.ends[0]).toMatchObject({
      command: 'no-such-command-anywhere',
      code: 'ENOENT',
      message:
        'Cannot start no-such-command-anywhere: there is no such command, or no such directory to run it in (ENOENT)',
    })
    expect([unfit.ends[0], nowhere.ends[0]]).toMatchObject([{ code: 'EACCES' }, { code: 'ENOENT' }])
    expect(() => missing.transport).toThrow(NotConnectedError)
    expect(await transport.drained()).toBe(false)
    expect(logged).toEqual([])
  })

  test('throws at once when the arguments are invalid', () => {
    expect(() => reactor.spawnProcess(new RecordingChild(), 'sh', ['a\0b'])).toThrow(RangeError)
    expect(() => reactor.spawnProcess(new RecordingChild(), '')).toThrow(RangeError)
  })

  test('returns false above the high-water mark, and kills a child that reads nothing at the cap', async () => {
    const child = shell('exec sleep 100', { transport: { maxBufferedBytes: 1 << 20 } })
    const { transport } = child
    const piece = Buffer.alloc(65_536)
    const results = new Set<boolean>()
    while (transport.bufferedBytes <= 1 << 20) results.add(transport.write(piece))
    const drained = transport.drained()
    expect(transport.write('one more')).toBe(false)
    await until(() => child.ended)
    expect(results).toContain(false)
    expect(await drained).toBe(false)
    expect(child.ends[0]).toMatchObject({
      signal: 'SIGKILL',
      cause: { message: 'Cannot write to the child process: more than 1048576 bytes wait for the peer' },
    })
  })

  test('reads an endless writer no faster than the protocol allows', async () => {
    const child = shell('exec yes')
    await until(() => child.bytes > 0)
    child.transport.pauseProducing()
    await quiet()
    const before = child.bytes
    await quiet()
    expect(child.bytes).toBe(before)
    child.transport.resumeProducing()
    await until(() => child.bytes > before + 1_000_000)
    let release = (): void => undefined
    child.result = new Promise((resolve) => (release = resolve))
    const unheld = child.bytes
    await until(() => child.bytes > unheld)
    const held = child.bytes
    await quiet()
    expect(child.bytes).toBe(held)
    child.result = undefined
    release()
    await until(() => child.bytes > held)
    child.transport.signalProcess('TERM')
    await until(() => child.ended)
    expect(child.ends[0]).toMatchObject({ exitCode: undefined, signal: 'SIGTERM' })
  })

  test('delivers what a child wrote before its exit, also to a paused protocol', async () => {
    const child = shell('echo last words')
    child.transport.pauseProducing()
    await until(() => child.exits.length > 0)
    await quiet()
    expect([child.text(), child.ended]).toEqual(['', false])
    child.transport.resumeProducing()
    await until(() => child.ended)
    expect(child.text()).toBe('last words\n')
  })

  test('sends signals, which a child may handle, and none after its exit', async () => {
    const child = shell('trap "exit 7" HUP; echo ready; while :; do sleep 0.05; done')
    await until(() => child.text() === 'ready\n')
    child.transport.signalProcess('HUP')
    await until(() => child.ended)
    expect(child.ends[0]).toMatchObject({ exitCode: 7, signal: undefined })
    expect(() => child.transport.signalProcess('TERM')).toThrow(ProcessExitedAlready)
    expect(() => child.transport.signalProcess('TERM')).toThrow('Cannot signal sh: it has exited')
  })

  test('ignores writes after the end', async () => {
    const child = shell('exit 0')
    await until(() => child.ended)
    const { transport } = child
    expect([transport.write('x'), transport.writeSequence(['x'])]).toEqual([false, false])
    transport.closeStdin()
    transport.closeStdout()
    transport.closeStderr()
    transport.pauseProducing()
    transport.resumeProducing()
    transport.stopProducing()
    transport.unregisterProducer()
    const asked: string[] = []
    const ask = (what: string) => () => void asked.push(what)
    const producer = { resumeProducing: ask('resume'), stopProducing: ask('stop') }
    transport.registerProducer(producer, false)
    await quiet()
    expect([asked, child.ends.length, logged]).toEqual([['stop'], 1, []])
  })

  test('feeds its standard input from a pull producer', async () => {
    const child = shell('cat')
    const pieces = ['one ', 'two ', 'three']
    const producer = {
      resumeProducing: (): void => {
        const piece = pieces.shift()
        if (piece !== undefined) return void child.transport.write(piece)
        child.transport.unregisterProducer()
        child.transport.closeStdin()
      },
      stopProducing: (): void => undefined,
    }
    child.transport.registerProducer(producer, false)
    await until(() => child.ended)
    expect(child.text()).toBe('one two three')
  })

  const pipesEnd = 'echo out; echo err >&2; exec 1>&- 2>&-; exec sleep 100'
  test.each(['connectionMade', 'received 1', 'received 2', 'lost 0', 'lost 1', 'lost 2'])(
    'logs a throw in "%s", kills that child, and notifies of the end once',
    async (callback) => {
      const bystander = shell('exec sleep 100')
      const child = new RecordingChild()
      child.failsIn = callback
      shell(pipesEnd, {}, child)
      child.transport.closeStdin()
      await until(() => child.ended)
      await quiet()
      expect(child.ends).toMatchObject([{ signal: 'SIGKILL', cause: { message: `a fault in ${callback}` } }])
      expect(logged).toMatchObject([
        {
          level: 'error',
          text: 'A process protocol failed; its child is killed',
          label: `RecordingChild sh[${child.transport.pid}]`,
          error: { message: `a fault in ${callback}` },
        },
      ])
      expect([bystander.ended, bystander.exits.length]).toEqual([false, 0])
    },
  )

  test.each(['processExited', 'processEnded'])('logs a throw in %s, and continues', async (callback) => {
    const child = new RecordingChild()
    child.failsIn = callback
    shell('exit 0', {}, child)
    await until(() => child.ended)
    await quiet()
    expect(child.ends).toEqual([expect.any(ProcessDone)])
    const text = 'A process protocol failed; its child had ended already'
    expect(logged).toMatchObject([{ text, error: { message: `a fault in ${callback}` } }])
  })

  test('logs a promise that rejects, and kills that child only', async () => {
    const child = new (class extends RecordingChild {
      override async childDataReceived(): Promise<void> {
        throw new Error('too late')
      }
    })()
    shell('echo out; exec sleep 100', {}, child)
    await until(() => child.ended)
    expect(child.ends[0]).toMatchObject({ signal: 'SIGKILL', cause: { message: 'too late' } })
    expect(logged).toMatchObject([{ error: { message: 'too late' } }])
  })

  test('delivers nothing while a promise of connectionMade is pending', async () => {
    let release = (): void => undefined
    const ready = new Promise<void>((resolve) => (release = resolve))
    const child = new (class extends RecordingChild {
      override connectionMade(): Promise<void> {
        return ready
      }
    })()
    shell('echo out', {}, child)
    await until(() => child.exits.length > 0)
    await quiet()
    expect(child.text()).toBe('')
    release()
    await until(() => child.ended)
    expect(child.text()).toBe('out\n')
  })

  test('kills the child when its signal aborts, and starts nothing when it is aborted already', async () => {
    const enough = new AbortController()
    const child = shell('exec sleep 100', { signal: enough.signal })
    enough.abort(new Error('that was enough'))
    const never = shell('exit 0', { signal: enough.signal })
    await until(() => child.ended && never.ended)
    expect(child.ends[0]).toMatchObject({ signal: 'SIGKILL', cause: enough.signal.reason })
    expect(never.ends[0]).toMatchObject({
      message: 'Cannot start sh: that was enough',
      cause: enough.signal.reason,
    })
    expect(never.events).toEqual(['processEnded'])
  })

  test('leaves no listener on a signal that outlives the child', async () => {
    const { signal } = new AbortController()
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    const child = shell('exit 0', { signal })
    await until(() => child.ended)
    expect(added.mock.calls.map(([, listener]) => listener)).toEqual([expect.any(Function)])
    expect(removed.mock.calls[0]?.[1]).toBe(added.mock.calls[0]?.[1])
  })

  test('gives the child our environment or another, its arguments and its directory', async () => {
    const [inherited, own, placed] = [new RecordingChild(), new RecordingChild(), new RecordingChild()]
    children.push(inherited, own, placed)
    const uid = process.getuid?.() === 0 ? 1 : process.getuid?.()
    reactor.spawnProcess(inherited, 'sh', ['-c', 'echo "$PATH"; echo "$1 $2"', 'zeroth', 'first', '$HOME'])
    reactor.spawnProcess(own, '/usr/bin/env', [], { env: { A: '1', B: undefined } })
    reactor.spawnProcess(placed, 'sh', ['-c', 'pwd; id -u'], {
      cwd: '/',
      ...(uid === undefined ? {} : { uid }),
    })
    await until(() => inherited.ended && own.ended && placed.ended)
    expect(inherited.text()).toBe(`${process.env['PATH']}\nfirst $HOME\n`)
    expect(own.text()).toBe('A=1\n')
    expect(placed.text()).toBe(`/\n${uid}\n`)
  })

  test('gives the child pipes, inherited descriptors, and the null device for the others', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'ropewalk-')), 'file')
    const fd = openSync(path, 'w')
    const child = shell('cat; echo lost; echo kept >&3; cat <&5 >&4', { childFDs: { 3: fd, 4: 'r', 5: 'w' } })
    child.transport.writeToChild(5, 'there and back')
    child.transport.closeChildFD(5)
    await until(() => child.ended)
    closeSync(fd)
    expect(readFileSync(path, 'utf8')).toBe('kept\n')
    expect([child.text(), child.text(4)]).toEqual(['', 'there and back'])
    expect(child.events).not.toContain('lost 1')
    expect(child.ends[0]).toBeInstanceOf(ProcessDone)
  })

  test('at a stop closes standard input and sends SIGTERM, and waits for the child', async () => {
    const stopping = createReactor()
    const run = stopping.run(NO_SIGNALS)
    const [patient, plain] = [new RecordingChild(), new RecordingChild()]
    stopping.spawnProcess(patient, 'sh', ['-c', 'trap "" TERM; echo ready; cat; echo bye'])
    stopping.spawnProcess(plain, 'sleep', ['100'])
    await until(() => patient.text() === 'ready\n')
    const [report] = await Promise.all([stopping.stop(), run])
    expect(report).toEqual({
      completed: [
        `RecordingChild sh[${patient.transport.pid}]`,
        `RecordingChild sleep[${plain.transport.pid}]`,
      ],
      aborted: [],
    })
    expect([patient.ends[0], plain.ends[0]]).toEqual([expect.any(ProcessDone), expect.any(ProcessTerminated)])
    expect([patient.text(), plain.ends[0]]).toMatchObject(['ready\nbye\n', { signal: 'SIGTERM' }])
  })

  test('at the deadline of a stop kills remaining children, also those started meanwhile', async () => {
    const stopping = createReactor()
    const run = stopping.run(NO_SIGNALS)
    const stubborn = new RecordingChild()
    const late = new RecordingChild()
    const first = new (class extends RecordingChild {
      override processEnded(): void {
        stopping.spawnProcess(late, 'sleep', ['100'])
      }
    })()
    stopping.spawnProcess(stubborn, 'sh', ['-c', 'trap "" TERM; echo ready; exec sleep 100'])
    stopping.spawnProcess(first, 'sleep', ['100'])
    await until(() => stubborn.text() === 'ready\n')
    const [report] = await Promise.all([stopping.stop({ drainMs: 200 }), run])
    expect([report.completed, report.aborted]).toEqual([
      [expect.stringContaining('sleep[')],
      [expect.stringContaining('sh['), `RecordingChild sleep[${late.transport.pid}]`],
    ])
    expect([stubborn.ends[0], late.ends[0]]).toMatchObject(
      Array.from({ length: 2 }, () => ({ signal: 'SIGKILL', cause: { message: 'The reactor has stopped' } })),
    )
  })
})

class Silent extends ProcessProtocol {}

test.each([
  [{ cwd: 5 }, 'Cannot take cwd 5'],
  [{ uid: NaN }, 'Cannot take uid NaN'],
  [{ env: 'A=1' }, 'Cannot take env "A=1"'],
  [{ signal: {} }, 'Cannot take signal'],
  [
    { signal: new AbortController() },
    'Cannot take signal an AbortController for spawnProcess: give an AbortSignal',
  ],
  [{ signal: new EventTarget() }, 'Cannot take signal an EventTarget'],
  [{ env: ['A=1'] }, 'Cannot take env a list'],
  [{ env: () => ({}) }, 'Cannot take env the function env'],
  [{ shell: true }, 'Cannot take the unknown option "shell"'],
])('spawnProcess refuses the options %o', async (options, message) => {
  const reactor = createReactor({ log: [] })
  expect(() => reactor.spawnProcess(new Silent(), 'true', [], options as never)).toThrow(message)
  await expect(getProcessOutput('true', [], { reactor, ...options } as never)).rejects.toThrow(
    message.replace('spawnProcess', 'getProcessOutput'),
  )
})

class Unused extends ProcessProtocol {
  override makeConnection(): void {
    expect.unreachable('a child was started')
  }
}

test.each([
  [[undefined, 'true'], 'Cannot take protocol undefined for spawnProcess: give a ProcessProtocol'],
  [[{}, 'true'], 'Cannot take protocol an Object'],
  [[Unused, 'true'], 'Cannot take protocol the function Unused for spawnProcess: give new Unused()'],
  [[new Unused(), undefined], 'Cannot take command undefined for spawnProcess'],
  [[new Unused(), ''], 'Cannot take command ""'],
  [[new Unused(), 'tr\0ue'], 'without NUL'],
  [[new Unused(), 'true', 'a b'], 'Cannot take args "a b" for spawnProcess: give a list'],
  [[new Unused(), 'true', null], 'Cannot take args null'],
  [[new Unused(), 'true', ['a', undefined]], 'Cannot take args[1] undefined for spawnProcess: give a string'],
  [[new Unused(), 'true', ['\0']], 'Cannot take args[0]'],
  [[new Unused(), 'true', [], null], 'Cannot take null as the options of spawnProcess'],
  [[new Unused(), 'true', [], { childFDs: null }], 'Cannot take childFDs null'],
  [[new Unused(), 'true', [], { childFDs: 'rw' }], 'Cannot take childFDs "rw"'],
  [[new Unused(), 'true', [], { childFDs: ['w', 'r'] }], 'Cannot take childFDs a list'],
  [[new Unused(), 'true', [], { childFDs: { 1: 'x' } }], 'Cannot take childFDs.1 "x"'],
  [[new Unused(), 'true', [], { childFDs: { 1: NaN } }], 'Cannot take childFDs.1 NaN'],
  [[new Unused(), 'true', [], { childFDs: { '-1': 'r' } }], 'Cannot take childFDs.-1 "r"'],
  [[new Unused(), 'true', [], { childFDs: { stdin: 'w' } }], 'Cannot take childFDs.stdin "w"'],
  [[new Unused(), 'true', [], { childFDs: { 1_000_000_000: 'r' } }], 'Cannot take childFDs.1000000000 "r"'],
])('spawnProcess refuses the arguments %o', (given, message) => {
  const reactor = createReactor({ log: [] })
  const spawnProcess = reactor.spawnProcess.bind(reactor) as (...args: unknown[]) => unknown
  expect(() => spawnProcess(...given)).toThrow(message)
})

test('an undefined argument or option has its default', async () => {
  const reactor = createReactor({ log: [] })
  const options = { env: undefined, childFDs: undefined, transport: { writeStallMs: undefined } } as object
  const output = getProcessOutput('echo', ['hi'], { reactor })
  reactor.spawnProcess(new Silent(), 'true', undefined, options)
  expect(String(await output)).toBe('hi\n')
})

test.each([
  [{ maxBytes: NaN }, 'Cannot take maxBytes NaN for getProcessOutput'],
  [{ timeoutMs: '50' }, 'Cannot take timeoutMs "50" for getProcessOutput'],
  [{ timeoutMs: NaN }, 'Cannot take timeoutMs NaN for getProcessOutput'],
])('getProcessOutput refuses the options %o', async (options, message) => {
  const reactor = createReactor({ log: [] })
  let started = false
  reactor.spawnProcess = () => {
    started = true
    throw new Error('started')
  }
  await expect(getProcessOutput('true', [], { reactor, ...options } as never)).rejects.toThrow(message)
  expect(started).toBe(false)
})

test('the limits of the output queue are those of a transport', () => {
  const options = { transport: { maxBufferedBytes: NaN } }
  const reactor = createReactor({ log: [] })
  expect(() => reactor.spawnProcess(new Silent(), 'true', [], options)).toThrow(
    'transport.maxBufferedBytes NaN',
  )
  expect(SPAWN_RULES.transport({ writeStallMs: 5 })).toBeUndefined()
})
