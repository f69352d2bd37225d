import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { ProcessReader } from '../../src/node/process-reader.ts'
import { Turn } from '../../src/transport/turn.ts'
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
