import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ConnectionDone, createReactor, LocalProtocolError } from '../../src/index.ts'
import { ProcessDone } from '../../src/process.ts'
import type { WireEvents } from '../../src/reactor.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { StandardIO, StreamWire } from '../../src/node/stream-wire.ts'
import { Gate } from '../../src/checks/check.ts'
import { Echo, HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import { abortedAfterEach, runChecks, runWireChecks } from '../run-checks.ts'
import { registryOf, pipeHarness } from './pipe-harness.ts'
import { RecordingChild } from './recording-child.ts'
import { programArgs, ROOT } from './run-program.ts'
import { runUnread } from './run-unread.ts'
import { quiet, type SocketHarness, until } from './socket-harness.ts'
import { pipeWires, streamWires, type SystemWireHarness } from './wire-harnesses.ts'

describe('StreamWire', () => {
  const kept = abortedAfterEach<SocketHarness>()

  describe('as a wire', () => {
    const wires = abortedAfterEach<SystemWireHarness>()

    describe('over pipes', () => {
      runWireChecks(() => wires(pipeWires()))
    })
    describe('over streams that notice their end only by reading', () => {
      runWireChecks(() => wires(streamWires()))
    })
  })

  describe('over a pair of pipes', () => {
    runChecks(() => kept(pipeHarness()))
  })

  test('emits no error of its streams, before or after its end, and notifies of the close once', async () => {
    for (const broken of ['readable', 'writable'] as const) {
      const streams = { readable: new PassThrough(), writable: new PassThrough() }
      const wire = new StreamWire(streams)
      const calls = attach(wire)
      streams[broken].destroy(new Error('broken'))
      await until(() => calls.length > 0)
      streams.readable.emit('error', new Error('late'))
      streams.writable.emit('error', new Error('later'))
      useUp(wire)
      await quiet()
      expect(calls).toEqual(['closed broken'])
      expect([streams.readable.destroyed, streams.writable.destroyed]).toEqual([true, true])
    }
  })

  test('accepts every call before it is attached, and when both directions are missing', async () => {
    const readable = new PassThrough()
    useUp(new StreamWire({ readable, writable: new PassThrough() }))
    useUp(new StreamWire({}))
    await quiet()
    expect(readable.destroyed).toBe(true)
  })

  test('closes with the only direction it has', async () => {
    const readable = new PassThrough()
    const readCalls = attach(new StreamWire({ readable }))
    readable.end('last')
    const writable = new PassThrough()
    const written = new StreamWire({ writable })
    const calls = attach(written)
    written.end()
    await until(() => readCalls.length === 3 && calls.length === 1)
    expect([readCalls, calls]).toEqual([['data last', 'ended', 'closed'], ['closed']])
  })

  test('closes when other code destroys one of its streams', async () => {
    for (const destroyed of ['readable', 'writable'] as const) {
      const streams = { readable: new PassThrough(), writable: new PassThrough() }
      const calls = attach(new StreamWire(streams))
      streams[destroyed].destroy()
      await until(() => calls.length > 0)
      expect(calls).toEqual(['closed'])
    }
  })

  test('stays paused when other code resumes its input', async () => {
    const readable = new PassThrough()
    const wire = new StreamWire({ readable })
    const calls = attach(wire)
    wire.pause()
    readable.write('held')
    readable.resume()
    await quiet()
    expect(calls).toEqual([])
    wire.resume()
    await until(() => calls.includes('data held'))
    wire.close()
  })

  test('keeps the bytes of the turn in which other code resumes its input', async () => {
    const readable = new PassThrough()
    const wire = new StreamWire({ readable })
    const seen = attach(wire)
    await quiet()
    wire.pause()
    readable.resume()
    readable.write('early')
    await quiet()
    expect(seen).toEqual([])
    wire.resume()
    await until(() => seen.includes('data early'))
    wire.close()
  })

  test('notifies of an end before its construction once it is attached', async () => {
    const [ended, finished, broken] = [new PassThrough(), new PassThrough(), new PassThrough()]
    ended.resume().end()
    finished.resume().end()
    broken.on('error', () => undefined).destroy(new Error('broken before'))
    await until(() => ended.readableEnded && finished.writableFinished && broken.destroyed)
    const wires = [{ readable: ended, writable: finished }, { readable: broken }, { writable: broken }].map(
      (streams) => new StreamWire(streams),
    )
    await quiet()
    const seen = wires.map(attach)
    expect(seen).toEqual([[], [], []])
    await until(() => seen.every((events) => events.some((event) => event.startsWith('closed'))))
    expect(seen).toEqual([['ended', 'closed'], ['closed broken before'], ['closed broken before']])
  })

  test('converts the strings of a stream with an encoding to UTF-8', async () => {
    const readable = new PassThrough({ encoding: 'utf8' })
    const pieces: Buffer[] = []
    const wire = new StreamWire({ readable })
    wire.attach({ ...SILENT, wireData: (data) => pieces.push(data) })
    readable.write('größer')
    await until(() => pieces.length > 0)
    expect(Buffer.concat(pieces).equals(Buffer.from('größer'))).toBe(true)
    wire.close()
  })

  test('detaches from streams that outlive it, and keeps only its listener for errors', async () => {
    const streams = { readable: new PassThrough(), writable: new PassThrough() }
    const wire = new StreamWire({ ...streams, outlive: true })
    const before = streams.readable.listenerCount('data')
    const calls = attach(wire)
    expect(streams.readable.listenerCount('data')).toBe(before + 1)
    wire.abort()
    await until(() => calls.includes('closed'))
    expect([streams.readable.destroyed, streams.writable.destroyed]).toEqual([false, false])
    expect([streams.readable.listenerCount('data'), streams.readable.isPaused()]).toEqual([before, true])
    streams.writable.emit('error', new Error('no other listener'))
  })

  test('drops the pending output of a stream that outlives it, and keeps a drained one open', async () => {
    for (const [size, destroyed] of [
      [10, true],
      [9, false],
    ] as const) {
      const writable = new Writable({
        highWaterMark: 10,
        write: (_data, _encoding, done) => destroyed || done(),
      })
      const wire = new StreamWire({ writable, outlive: true })
      const calls = attach(wire)
      wire.write([Buffer.alloc(size)])
      wire.abort()
      await until(() => calls.includes('closed'))
      expect(writable.destroyed).toBe(destroyed)
    }
  })

  test('leaves one listener for errors, however many wires used the stream', async () => {
    const streams = { readable: new PassThrough(), writable: new PassThrough() }
    for (let round = 0; round < 12; round++) {
      const wire = new StreamWire({ ...streams, outlive: true })
      const calls = attach(wire)
      wire.abort()
      await until(() => calls.includes('closed'))
    }
    expect([streams.readable, streams.writable].map((stream) => stream.listenerCount('error'))).toEqual([
      1, 1,
    ])
  })

  test('does not end a terminal that outlives it', async () => {
    const writable = Object.assign(new PassThrough(), { isTTY: true })
    const readable = new PassThrough()
    const wire = new StreamWire({ readable, writable, outlive: true })
    const calls = attach(wire)
    readable.end()
    wire.end()
    await until(() => calls.includes('closed'))
    expect(writable.writableEnded).toBe(false)
  })

  test('calls wireWritable when all blocked bytes are sent', async () => {
    const writable = new PassThrough({ highWaterMark: 10 })
    const wire = new StreamWire({ writable })
    const calls = attach(wire)
    expect(wire.write(['a'])).toBe(true)
    expect(wire.write([Buffer.alloc(100), 'end'])).toBe(false)
    expect(calls).toEqual([])
    writable.resume()
    await until(() => calls.length > 0)
    expect(calls).toEqual(['writable'])
    wire.close()
  })
})

function useUp(wire: StreamWire): void {
  wire.write(['late'])
  wire.end()
  wire.pause()
  wire.resume()
  wire.setNoDelay()
  wire.setKeepAlive()
  wire.close()
  wire.abort()
}

function attach(wire: StreamWire): string[] {
  const calls: string[] = []
  wire.attach({
    wireData: (data) => calls.push(`data ${data.toString()}`),
    wireEnded: () => calls.push('ended'),
    wireWritable: () => calls.push('writable'),
    wireClosed: (error) => calls.push(error === undefined ? 'closed' : `closed ${error.message}`),
  })
  return calls
}

const SILENT: WireEvents = {
  wireData: () => undefined,
  wireEnded: () => undefined,
  wireWritable: () => undefined,
  wireClosed: () => undefined,
}

describe('StandardIO', () => {
  const reactor = createReactor()
  const registry = registryOf(reactor)
  const run = (source: string, input: 'w' | number = 'w'): RecordingChild => {
    const child = new RecordingChild()
    const options = { cwd: ROOT, childFDs: { 0: input, 1: 'r', 2: 'r' } as const }
    reactor.spawnProcess(child, process.execPath, programArgs(source), options)
    return child
  }

  test('carries bytes both ways, without an address, and pauses the input at its end', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const recorder = new Recorder()
    const transport = new StandardIO(recorder, { registry, input, output })
    input.write('hello')
    await until(() => recorder.text === 'hello')
    transport.write('bye')
    transport.loseConnection()
    await until(() => recorder.lost)
    expect([transport.getHost(), transport.getPeer()]).toMatchObject(
      Array.from({ length: 2 }, () => ({ type: 'UNIX', path: '' })),
    )
    expect([String(output.read()), output.writableEnded, input.destroyed]).toEqual(['bye', true, false])
    expect(recorder.reason).toBeInstanceOf(ConnectionDone)
    const next = new Recorder()
    const again = new StandardIO(next, { registry, input, output: new PassThrough() })
    input.write('still there')
    await until(() => next.text === 'still there')
    again.abortConnection()
    await until(() => next.lost)
    expect(registry.transports.size).toBe(0)
  })

  test('supports half-closing', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const recorder = new HalfCloseRecorder()
    const transport = new StandardIO(recorder, { registry, input, output })
    input.end('last')
    await until(() => recorder.events.length === 3)
    transport.write('answer')
    transport.loseConnection()
    await until(() => recorder.lost)
    expect(String(output.read())).toBe('answer')
  })

  test('lets a protocol work after the end of input for any time', async () => {
    const [input, output, memory, gate] = [
      new PassThrough(),
      new PassThrough(),
      new MemoryReactor(),
      new Gate(),
    ]
    const recorder = new (class extends Recorder {
      override async connectionMade(): Promise<void> {
        await gate.opened
        this.transport.write('result')
      }
    })()
    const transport = new StandardIO(recorder, { registry: memory.registry, input, output })
    input.end()
    await until(() => input.readableEnded)
    memory.advance(3_600_000)
    expect([transport.disconnecting, memory.getDelayedCalls()]).toEqual([false, []])
    gate.open()
    await until(() => {
      memory.pump()
      return recorder.lost
    })
    expect(String(output.read())).toBe('result')
  })

  test('restores the mode of a terminal', async () => {
    const input = Object.assign(new PassThrough(), {
      isTTY: true,
      isRaw: false,
      setRawMode: (raw: boolean) => (input.isRaw = raw),
    })
    const recorder = new Recorder()
    const transport = new StandardIO(recorder, { registry, input, output: new PassThrough() })
    input.setRawMode(true)
    transport.abortConnection()
    await until(() => recorder.lost)
    await until(() => !input.isRaw)
    expect(input.isRaw).toBe(false)
  })

  test('refuses an input that other code reads or that has ended, and every input while the reactor stops', async () => {
    const [read, ended] = [new PassThrough(), new PassThrough()]
    read.on('data', () => undefined)
    ended.destroy()
    const take =
      (input: PassThrough, where = registry) =>
      () =>
        new StandardIO(new Recorder(), { registry: where, input, output: new PassThrough() })
    expect(take(read)).toThrow(
      new LocalProtocolError('Cannot take standard input: other code reads it already'),
    )
    expect(take(ended)).toThrow('Cannot take standard input: it has ended')
    const stopping = registryOf(reactor)
    const running = stopping.run({})
    const waiting = new PassThrough()
    take(waiting, stopping)()
    const stopped = stopping.stop({})
    await until(() => stopping.stopping)
    expect(take(new PassThrough(), stopping)).toThrow('Cannot take standard input: the reactor is stopping')
    await Promise.all([stopped, running])
    expect(waiting.listenerCount('data')).toBe(0)
  })

  test('is drained and closed by a stop', async () => {
    const stopping = registryOf(reactor)
    const running = stopping.run({})
    const echo = new Echo()
    const [input, output] = [new PassThrough(), new PassThrough()]
    const transport = new StandardIO(echo, { registry: stopping, input, output })
    transport.write('not lost')
    const report = await stopping.stop({})
    await running
    expect([String(output.read()), report.completed.length]).toEqual(['not lost', 1])
  })

  test('is stdin and stdout of a process, which exits by itself when both have ended', async () => {
    const child = run(`
      class Polite extends Echo {
        readConnectionLost() { this.transport.write(' and bye'); this.transport.loseConnection() }
        connectionLost(reason) { console.error(reason.name, process.stdin.listenerCount('data')) }
      }
      reactor.standardIO(new Polite())`)
    child.transport.write('hello')
    await until(() => child.text() === 'hello' || child.ended)
    child.transport.closeStdin()
    await until(() => child.ended)
    expect([child.text(), child.text(2)]).toEqual(['hello and bye', 'ConnectionDone 0\n'])
    expect(child.ends[0]).toBeInstanceOf(ProcessDone)
  })

  test('ends when its reader has closed, and no EPIPE ends the process', async () => {
    const child = run(`
      class Printing extends Protocol { connectionLost(reason) { console.error(reason.name, reason.cause?.code) } }
      const transport = reactor.standardIO(new Printing())
      while (transport.connected) {
        transport.write('x'.repeat(1000))
        await transport.drained()
        await new Promise(setImmediate)
      }`)
    await until(() => child.bytes > 0 || child.ended)
    child.transport.closeStdout()
    await until(() => child.ended)
    expect(child.text(2)).toBe('ConnectionLost EPIPE\n')
    expect(child.ends[0]).toBeInstanceOf(ProcessDone)
  })

  test('does not keep the process alive for unread output after an abort', async () => {
    const ended = await runUnread(
      `class Report extends Protocol {
         connectionMade() { this.transport.write(Buffer.alloc(1 << 20)) }
         connectionLost(reason) { console.error(reason.name) }
       }
       reactor.standardIO(new Report())
       reactor.callWhenRunning(() => console.error('written'))
       await reactor.run({ stop: { drainMs: 20 } })
       console.log('goes nowhere, and fails nothing')`,
      (errors, kill) => {
        if (errors === 'written\n') kill('SIGTERM')
        return false
      },
    )
    expect(ended).toMatchObject({ code: 0, signal: null, bytes: 0 })
    expect(ended.errors).toMatch(/^written\nConnectionAborted\n/)
  })

  test.skipIf(!existsSync('/dev/full'))(
    'is lost when the disk is full, before its end and after',
    async () => {
      const program = (write: string): string => `
      class Copy extends Protocol {
        connectionMade() { ${write} }
        dataReceived(data) { this.transport.write(data) }
        connectionLost(reason) { console.error(reason.name, reason.cause?.code) }
      }
      reactor.standardIO(new Copy())`
      for (const write of [
        '',
        `this.transport.write('x')`,
        `this.transport.write('x'); this.transport.loseConnection()`,
      ]) {
        const fd = openSync('/dev/full', 'w')
        const child = new RecordingChild()
        const options = { cwd: ROOT, childFDs: { 0: 'w', 1: fd, 2: 'r' } as const }
        reactor.spawnProcess(child, process.execPath, programArgs(program(write)), options)
        closeSync(fd)
        child.transport.write('hello')
        child.transport.closeStdin()
        await until(() => child.ended)
        expect([write, child.text(2)]).toEqual([write, 'ConnectionLost ENOSPC\n'])
      }
    },
  )

  test('reads a file as it reads a pipe', async () => {
    const fd = openSync(import.meta.filename, 'r')
    const child = run('reactor.standardIO(new Echo())', fd)
    closeSync(fd)
    await until(() => child.ended)
    expect([child.text() === readFileSync(import.meta.filename, 'utf8'), child.text(2)]).toEqual([true, ''])
  })
})
