import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ProcessReader, ProcessWriter } from '../../src/node/process-streams.ts'
import { Clock } from '../../src/testing/clock.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { Turn } from '../../src/transport/connection-registry.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transport/transport-options.ts'
import { quiet, until } from './socket-harness.ts'

describe('ProcessReader', () => {
  test('delivers what comes, and tells the end once', async () => {
    const { stream, told } = make()
    stream.end('hello')
    await until(() => told.includes('lost'))
    stream.destroy()
    await quiet()
    expect(told).toEqual(['hello', 'lost'])
  })

  test('holds back for a reader who paused, and tells it of the end last', async () => {
    const { stream, reader, told } = make()
    reader.pause()
    stream.end('held')
    await quiet()
    expect(told).toEqual([])
    reader.resume()
    expect(told).toEqual([])
    await until(() => told.includes('lost'))
    expect(told).toEqual(['held', 'lost'])
  })

  test('holds back while a promise is pending', async () => {
    const { stream, reader, told } = make()
    let release = (): void => undefined
    reader.waitFor(new Promise((resolve) => (release = resolve)))
    stream.write('held')
    await quiet()
    expect(told).toEqual([])
    release()
    await until(() => told.includes('held'))
    reader.close()
  })

  test('reads no further ahead of a reader who paused than it may', async () => {
    const { stream, reader, told } = make(1000)
    reader.pause()
    for (let piece = 0; piece < 100; piece++) stream.write(Buffer.alloc(1000, 'x'))
    await quiet()
    expect(stream.readableLength).toBeGreaterThan(10_000)
    expect(told).toEqual([])
    reader.close()
  })

  test('delivers nothing once closed, not even what it held, and says so once', async () => {
    const { stream, reader, told } = make()
    reader.pause()
    stream.end('held')
    await quiet()
    reader.close()
    reader.close()
    reader.resume()
    await until(() => told.length > 0)
    await quiet()
    expect(told).toEqual(['lost'])
    expect(stream.destroyed).toBe(true)
  })

  test('takes a pipe that breaks for one that ends', async () => {
    const { stream, told } = make()
    stream.destroy(new Error('broken'))
    await until(() => told.length > 0)
    await quiet()
    expect(told).toEqual(['lost'])
  })
})

function make(readAheadBytes = 65_536): {
  readonly stream: PassThrough
  readonly reader: ProcessReader
  readonly told: string[]
} {
  const turn = new Turn(() => void setImmediate(() => turn.end()))
  const stream = new PassThrough()
  const told: string[] = []
  const reader = new ProcessReader(stream, {
    turn,
    time: new MemoryReactor(),
    limits: { readAheadBytes, departureGraceMs: 5_000 },
    deliver: (data) => void told.push(data.toString()),
    lost: () => void told.push('lost'),
  })
  return { stream, reader, told }
}

describe('process-writer', () => {
  describe('ProcessWriter', () => {
    test('writes at the end of the turn, and closes behind what is queued', async () => {
      const { stream, writer, told } = make()
      expect(writer.write('one ')).toBe(true)
      expect(writer.writeSequence(['two ', Buffer.from('three')])).toBe(true)
      writer.close()
      expect([stream.readableLength, writer.bufferedBytes]).toEqual([0, 13])
      expect(writer.write('late')).toBe(false)
      stream.resume()
      const pieces: Buffer[] = []
      stream.on('data', (data: Buffer) => pieces.push(data))
      await until(() => told.includes('lost'))
      expect(Buffer.concat(pieces).toString()).toBe('one two three')
      expect(writer.bufferedBytes).toBe(0)
    })

    test('takes nothing but bytes and strings', () => {
      const { writer } = make()
      expect(() => writer.write(1 as never)).toThrow(TypeError)
      expect(() => writer.writeSequence(['fine', {} as never])).toThrow(TypeError)
      expect(writer.bufferedBytes).toBe(0)
    })

    test('pauses a producer above the high-water mark, and resumes it when the child has read', async () => {
      const { stream, writer } = make()
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

    test('says when the queue is beyond its cap, and drops it when aborted', async () => {
      const { writer, told } = make()
      writer.write(Buffer.alloc(100_001))
      expect(told).toEqual([])
      expect(writer.write('more')).toBe(false)
      expect(told).toEqual(['more than 100000 bytes wait for the peer'])
      const drained = writer.drained()
      writer.abort()
      expect(await drained).toBe(false)
      await until(() => told.includes('lost'))
      await quiet()
      expect(told.filter((what) => what === 'lost')).toEqual(['lost'])
    })

    test('takes a pipe that breaks for one that the child has closed', async () => {
      const { stream, writer, told } = make()
      stream.destroy(new Error('EPIPE'))
      await until(() => told.length > 0)
      expect(writer.write('into the void')).toBe(false)
      expect(await writer.drained()).toBe(false)
      await quiet()
      expect(told).toEqual(['lost'])
    })
  })

  function make(): { readonly stream: PassThrough; readonly writer: ProcessWriter; readonly told: string[] } {
    const turn = new Turn(() => void setImmediate(() => turn.end()))
    const stream = new PassThrough()
    const told: string[] = []
    const writer = new ProcessWriter(stream, {
      turn,
      time: new Clock(),
      limits: { ...DEFAULT_TRANSPORT_OPTIONS, maxBufferedBytes: 100_000 },
      failed: (why) => void told.push(why),
      callProducer: (call) => void call(),
      lost: () => void told.push('lost'),
    })
    return { stream, writer, told }
  }
})
