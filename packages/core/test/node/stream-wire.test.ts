import { PassThrough, Writable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import type { WireEvents } from '../../src/interfaces/wire.ts'
import { StreamWire } from '../../src/node/stream-wire.ts'
import { runChecks, runWireChecks } from '../run-checks.ts'
import { pipeHarness } from './pipe-harness.ts'
import { quiet, type SocketHarness, until } from './socket-harness.ts'
import { pipeWires, streamWires, type SystemWireHarness } from './wire-harnesses.ts'

describe('StreamWire', () => {
  const harnesses: SocketHarness[] = []

  afterEach(async () => {
    for (const harness of harnesses.splice(0)) await harness.abortAll()
  })

  describe('as a wire', () => {
    const made: SystemWireHarness[] = []
    const wires = (harness: SystemWireHarness): SystemWireHarness => {
      made.push(harness)
      return harness
    }
    afterEach(() => {
      for (const harness of made.splice(0)) harness.abortAll()
    })

    describe('over pipes', () => {
      runWireChecks(() => wires(pipeWires()))
    })
    describe('over streams that learn of their end by reading', () => {
      runWireChecks(() => wires(streamWires()))
    })
  })

  describe('over a pair of pipes', () => {
    runChecks(() => {
      const harness = pipeHarness()
      harnesses.push(harness)
      return harness
    })
  })

  test('lets no error of its streams out, before or after its end, and tells that once', async () => {
    for (const broken of ['readable', 'writable'] as const) {
      const streams = { readable: new PassThrough(), writable: new PassThrough() }
      const wire = new StreamWire(streams)
      const told = attach(wire)
      streams[broken].destroy(new Error('broken'))
      await until(() => told.length > 0)
      streams.readable.emit('error', new Error('late'))
      streams.writable.emit('error', new Error('later'))
      useUp(wire)
      await quiet()
      expect(told).toEqual(['closed broken'])
      expect([streams.readable.destroyed, streams.writable.destroyed]).toEqual([true, true])
    }
  })

  test('takes every call before it is attached, and when both directions are missing', async () => {
    const readable = new PassThrough()
    useUp(new StreamWire({ readable, writable: new PassThrough() }))
    useUp(new StreamWire({}))
    await quiet()
    expect(readable.destroyed).toBe(true)
  })

  test('closes with the only direction it has', async () => {
    const readable = new PassThrough()
    const heard = attach(new StreamWire({ readable }))
    readable.end('last')
    const writable = new PassThrough()
    const written = new StreamWire({ writable })
    const told = attach(written)
    written.end()
    await until(() => heard.length === 3 && told.length === 1)
    expect([heard, told]).toEqual([['data last', 'ended', 'closed'], ['closed']])
  })

  test('closes when somebody else destroys one of its streams', async () => {
    for (const destroyed of ['readable', 'writable'] as const) {
      const streams = { readable: new PassThrough(), writable: new PassThrough() }
      const told = attach(new StreamWire(streams))
      streams[destroyed].destroy()
      await until(() => told.length > 0)
      expect(told).toEqual(['closed'])
    }
  })

  test('stays paused when somebody else resumes what it reads', async () => {
    const readable = new PassThrough()
    const wire = new StreamWire({ readable })
    const told = attach(wire)
    wire.pause()
    readable.write('held')
    readable.resume()
    await quiet()
    expect(told).toEqual([])
    wire.resume()
    await until(() => told.includes('data held'))
    wire.close()
  })

  test('keeps what comes in the same turn in which somebody else resumes what it reads', async () => {
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

  test('notifies what was over before it was made, once it is attached', async () => {
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

  test('hears strings as UTF-8 from a stream with an encoding', async () => {
    const readable = new PassThrough({ encoding: 'utf8' })
    const pieces: Buffer[] = []
    const wire = new StreamWire({ readable })
    wire.attach({ ...SILENT, wireData: (data) => pieces.push(data) })
    readable.write('größer')
    await until(() => pieces.length > 0)
    expect(Buffer.concat(pieces).equals(Buffer.from('größer'))).toBe(true)
    wire.close()
  })

  test('lets go of streams that outlive it, without a listener left but for errors', async () => {
    const streams = { readable: new PassThrough(), writable: new PassThrough() }
    const wire = new StreamWire({ ...streams, outlive: true })
    const before = streams.readable.listenerCount('data')
    const told = attach(wire)
    expect(streams.readable.listenerCount('data')).toBe(before + 1)
    wire.abort()
    await until(() => told.includes('closed'))
    expect([streams.readable.destroyed, streams.writable.destroyed]).toEqual([false, false])
    expect([streams.readable.listenerCount('data'), streams.readable.isPaused()]).toEqual([before, true])
    streams.writable.emit('error', new Error('nobody else listens'))
  })

  test('gives up what an outliving stream has not taken, and leaves one alone that has', async () => {
    for (const [size, destroyed] of [
      [10, true],
      [9, false],
    ] as const) {
      const writable = new Writable({
        highWaterMark: 10,
        write: (_data, _encoding, done) => destroyed || done(),
      })
      const wire = new StreamWire({ writable, outlive: true })
      const told = attach(wire)
      wire.write([Buffer.alloc(size)])
      wire.abort()
      await until(() => told.includes('closed'))
      expect(writable.destroyed).toBe(destroyed)
    }
  })

  test('leaves one listener for errors, however many wires a stream has served', async () => {
    const streams = { readable: new PassThrough(), writable: new PassThrough() }
    for (let round = 0; round < 12; round++) {
      const wire = new StreamWire({ ...streams, outlive: true })
      const told = attach(wire)
      wire.abort()
      await until(() => told.includes('closed'))
    }
    expect([streams.readable, streams.writable].map((stream) => stream.listenerCount('error'))).toEqual([
      1, 1,
    ])
  })

  test('does not end a terminal that outlives it', async () => {
    const writable = Object.assign(new PassThrough(), { isTTY: true })
    const readable = new PassThrough()
    const wire = new StreamWire({ readable, writable, outlive: true })
    const told = attach(wire)
    readable.end()
    wire.end()
    await until(() => told.includes('closed'))
    expect(writable.writableEnded).toBe(false)
  })

  test('says when all that was blocked has left', async () => {
    const writable = new PassThrough({ highWaterMark: 10 })
    const wire = new StreamWire({ writable })
    const told = attach(wire)
    expect(wire.write(['a'])).toBe(true)
    expect(wire.write([Buffer.alloc(100), 'end'])).toBe(false)
    expect(told).toEqual([])
    writable.resume()
    await until(() => told.length > 0)
    expect(told).toEqual(['writable'])
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
  const told: string[] = []
  wire.attach({
    wireData: (data) => told.push(`data ${data.toString()}`),
    wireEnded: () => told.push('ended'),
    wireWritable: () => told.push('writable'),
    wireClosed: (error) => told.push(error === undefined ? 'closed' : `closed ${error.message}`),
  })
  return told
}

const SILENT: WireEvents = {
  wireData: () => undefined,
  wireEnded: () => undefined,
  wireWritable: () => undefined,
  wireClosed: () => undefined,
}
