import { PassThrough, Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ProcessOutput } from '../../src/node/exit-process.ts'
import { quiet } from './socket-harness.ts'

describe('ProcessOutput', () => {
  test('waits until every stream has written all it was given', async () => {
    const streams = [new PassThrough({ highWaterMark: 10 }), new PassThrough({ highWaterMark: 10 })]
    const output = new ProcessOutput(streams)
    for (const stream of streams) stream.write(Buffer.alloc(100))
    let isWritten = false
    const written = output.written().then(() => (isWritten = true))
    streams[0]?.resume()
    await quiet()
    expect(isWritten).toBe(false)
    streams[1]?.resume()
    await written
    expect(output.failure).toBeUndefined()
  })

  test('waits for a stream that was ended, and for none that is gone', async () => {
    const [ended, gone] = [new PassThrough({ highWaterMark: 10 }), new PassThrough({ highWaterMark: 10 })]
    const output = new ProcessOutput([ended, gone])
    ended.end(Buffer.alloc(100))
    gone.write(Buffer.alloc(100))
    gone.destroy()
    let isWritten = false
    const written = output.written().then(() => (isWritten = true))
    await quiet()
    expect(isWritten).toBe(false)
    ended.resume()
    await written
  })

  test('waits no longer than it is asked to', async () => {
    const stuck = new Writable({ write: () => undefined })
    stuck.write('never')
    await new ProcessOutput([stuck]).written(1)
    expect(stuck.writableLength).toBe(5)
  })

  test.each([
    ['ENOSPC', 'ENOSPC'],
    ['EPIPE', undefined],
  ])('takes %s for a failure, unless it is the reader who has left', async (code, failure) => {
    const error = Object.assign(new Error(code), { code })
    const broken = new Writable({ write: (_data, _encoding, done) => done(error) })
    const output = new ProcessOutput([broken])
    broken.write('x')
    await output.written()
    expect(output.failure?.message).toBe(failure)
    output.end()
    expect(broken.listenerCount('error')).toBe(0)
  })
})
