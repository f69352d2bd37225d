import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ProcessReader, ProcessWriter } from '../../src/node/process-streams.ts'
import { Clock } from '../../src/testing/clock.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transport/transport-options.ts'
import { Turn } from '../../src/transport/connection-registry.ts'
import { quiet, until } from './socket-harness.ts'

describe('ProcessReader', () => {
  test('delivers the bytes received, and notifies of the end once', async () => {
    const { stream, calls } = make()
    stream.end('hello')
    await until(() => calls.includes('lost'))
    stream.destroy()
    await quiet()
    expect(calls).toEqual(['hello', 'lost'])
  })

  test('delivers nothing while paused, and notifies of the end last', async () => {
    const { stream, reader, calls } = make()
    reader.pause()
    stream.end('held')
    await quiet()
    expect(calls).toEqual([])
    reader.resume()
    expect(calls).toEqual([])
    await until(() => calls.includes('lost'))
    expect(calls).toEqual(['held', 'lost'])
  })

  test('delivers nothing while a promise is pending', async () => {
    const { stream, reader, calls } = make()
    let release = (): void => undefined
    reader.waitFor(new Promise((resolve) => (release = resolve)))
    stream.write('held')
    await quiet()
    expect(calls).toEqual([])
    release()
    await until(() => calls.includes('held'))
    reader.close()
  })

  test('bounds its read-ahead while paused', async () => {
    const { stream, reader, calls } = make(1000)
    reader.pause()
    for (let piece = 0; piece < 100; piece++) stream.write(Buffer.alloc(1000, 'x'))
    await quiet()
    expect(stream.readableLength).toBeGreaterThan(10_000)
    expect(calls).toEqual([])
    reader.close()
  })

  test('delivers nothing once closed, not even bytes read ahead, and calls lost once', async () => {
    const { stream, reader, calls } = make()
    reader.pause()
    stream.end('held')
    await quiet()
    reader.close()
    reader.close()
    reader.resume()
    await until(() => calls.length > 0)
    await quiet()
    expect(calls).toEqual(['lost'])
    expect(stream.destroyed).toBe(true)
  })

  test('treats a pipe that breaks as one that ends', async () => {
    const { stream, calls } = make()
    stream.destroy(new Error('broken'))
    await until(() => calls.length > 0)
    await quiet()
    expect(calls).toEqual(['lost'])
  })
})

function make(readAheadBytes = 65_536): {
  readonly stream: PassThrough
  readonly reader: ProcessReader
  readonly calls: string[]
} {
  const turn = new Turn(() => void setImmediate(() => turn.end()))
  const stream = new PassThrough()
  const calls: string[] = []
  const reader = new ProcessReader(stream, {
    turn,
    time: new MemoryReactor(),
    limits: { readAheadBytes, departureGraceMs: 5_000 },
    deliver: (data) => void calls.push(data.toString()),
    lost: () => void calls.push('lost'),
  })
  return { stream, reader, calls }
}

describe('process-writer', () => {
  describe('ProcessWriter', () => {
    test('writes at the end of the turn, and closes after the queued bytes', async () => {
      const { stream, writer, calls } = makeWriter()
      expect(writer.write('one ')).toBe(true)
      expect(writer.writeSequence(['two ', Buffer.from('three')])).toBe(true)
      writer.close()
      expect([stream.readableLength, writer.bufferedBytes]).toEqual([0, 13])
      expect(writer.write('late')).toBe(false)
      stream.resume()
      const pieces: Buffer[] = []
      stream.on('data', (data: Buffer) => pieces.push(data))
      await until(() => calls.includes('lost'))
      expect(Buffer.concat(pieces).toString()).toBe('one two three')
      expect(writer.bufferedBytes).toBe(0)
    })

    test('refuses everything but bytes and strings', () => {
      const { writer } = makeWriter()
      expect(() => writer.write(1 as never)).toThrow(TypeError)
      expect(() => writer.writeSequence(['fine', {} as never])).toThrow(TypeError)
      expect(writer.bufferedBytes).toBe(0)
    })

    test('pauses a producer above the high-water mark, and resumes it when the child has read', async () => {
      const { stream, writer } = makeWriter()
      const asked: string[] = []
      const producer = {
        pauseProducing: () => void asked.push('pause'),
        resumeProducing: () => void asked.push('resume'),
        stopProducing: () => void asked.push('stop'),
      }
      writer.registerProducer(producer, true)
      expect(writer.write(Buffer.alloc(200_000))).toBe(false)
      const drained = writer.drained()
      await quiet()
      expect(asked).toEqual(['pause'])
      stream.resume()
      expect(await drained).toBe(true)
      await until(() => asked.length === 2)
      expect(asked).toEqual(['pause', 'resume'])
      writer.unregisterProducer()
      writer.abort()
      await quiet()
      expect(asked).toEqual(['pause', 'resume'])
    })

    test('calls failed when the queue is beyond its cap, and drops it when aborted', async () => {
      const { writer, calls } = makeWriter()
      writer.write(Buffer.alloc(100_001))
      expect(calls).toEqual([])
      expect(writer.write('more')).toBe(false)
      expect(calls).toEqual(['more than 100000 bytes wait for the peer'])
      const drained = writer.drained()
      writer.abort()
      expect(await drained).toBe(false)
      await until(() => calls.includes('lost'))
      await quiet()
      expect(calls.filter((what) => what === 'lost')).toEqual(['lost'])
    })

    test('treats a pipe that breaks as one that the child has closed', async () => {
      const { stream, writer, calls } = makeWriter()
      stream.destroy(new Error('EPIPE'))
      await until(() => calls.length > 0)
      expect(writer.write('into the void')).toBe(false)
      expect(await writer.drained()).toBe(false)
      await quiet()
      expect(calls).toEqual(['lost'])
    })
  })

  function makeWriter(): {
    readonly stream: PassThrough
    readonly writer: ProcessWriter
    readonly calls: string[]
  } {
    const turn = new Turn(() => void setImmediate(() => turn.end()))
    const stream = new PassThrough()
    const calls: string[] = []
    const writer = new ProcessWriter(stream, {
      turn,
      time: new Clock(),
      limits: { ...DEFAULT_TRANSPORT_OPTIONS, maxBufferedBytes: 100_000 },
      failed: (why) => void calls.push(why),
      callProducer: (call) => void call(),
      lost: () => void calls.push('lost'),
    })
    return { stream, writer, calls }
  }
})
