import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { CodedBody } from '../../src/response/coded-body.ts'
import { makeCoder } from '../../src/response/coders.ts'

const LEVELS = { gzipLevel: 6, brotliQuality: 4, zstdLevel: 3 }

/** A sink that records what it gets, and a body that is coded with gzip for it. */
class Recorder {
  readonly pieces: Uint8Array[] = []
  readonly events: string[] = []
  full = false
  #resume: ((open: boolean) => void) | undefined
  readonly body: CodedBody

  constructor(declaredBytes?: number) {
    const sink = {
      write: (piece: Uint8Array) => this.pieces.push(piece) > 0 && !this.full,
      drained: () => new Promise<boolean>((resolve) => (this.#resume = resolve)),
      finish: () => void this.events.push('finish'),
      failed: (error: unknown) => void this.events.push(String(error)),
    }
    const closed = (): void => void this.events.push('closed')
    this.body = new CodedBody(makeCoder('gzip', LEVELS), sink, declaredBytes, closed)
  }

  get text(): string {
    return gunzipSync(Buffer.concat(this.pieces)).toString()
  }

  async waits(): Promise<void> {
    while (this.#resume === undefined) await new Promise((resolve) => setImmediate(resolve))
  }

  drain(open: boolean): void {
    this.full = false
    this.#resume?.(open)
  }

  async over(): Promise<void> {
    while (!this.events.includes('closed')) await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('CodedBody', () => {
  test('sends everything, then finishes once', async () => {
    const recorder = new Recorder()
    for (const piece of ['a', Buffer.from('b'), '', new Uint8Array([0x63])]) recorder.body.write(piece)
    recorder.body.end()
    expect([recorder.body.complete, recorder.body.write('late')]).toEqual([true, false])
    await recorder.over()
    expect([recorder.text, recorder.events]).toEqual(['abc', ['closed', 'finish']])
    recorder.body.release()
    expect(recorder.events).toHaveLength(2)
  })

  test('an empty body is a valid coded one', async () => {
    const recorder = new Recorder()
    recorder.body.end()
    await recorder.over()
    expect(recorder.text).toBe('')
  })

  test('write returns false above 64 KiB, and drained resolves below 16 KiB', async () => {
    const recorder = new Recorder()
    expect(recorder.body.write('x'.repeat(65_535))).toBe(true)
    expect(recorder.body.write('x')).toBe(false)
    expect(recorder.body.heldBytes).toBe(65_536)
    expect(await recorder.body.drained()).toBe(true)
    expect(recorder.body.heldBytes).toBeLessThanOrEqual(16_384)
    recorder.body.release()
  })

  test('waits while the sink is full, and continues when it has space', async () => {
    const recorder = new Recorder()
    recorder.full = true
    recorder.body.write('a')
    await recorder.waits()
    recorder.body.write('b')
    recorder.body.end()
    recorder.drain(true)
    await recorder.over()
    expect([recorder.text, recorder.events]).toEqual(['ab', ['closed', 'finish']])
  })

  test('is released, without a call of the sink, when nothing more can be sent', async () => {
    const recorder = new Recorder()
    recorder.full = true
    recorder.body.write('a')
    await recorder.waits()
    recorder.body.write('x'.repeat(100_000))
    recorder.drain(false)
    await recorder.over()
    expect(recorder.events).toEqual(['closed'])
    expect([recorder.body.heldBytes, await recorder.body.drained()]).toEqual([0, false])
  })

  test('release while it codes resolves the promises of drained with false', async () => {
    const recorder = new Recorder()
    recorder.body.write('x'.repeat(1_000_000))
    const drained = recorder.body.drained()
    recorder.body.release()
    expect(await drained).toBe(false)
    expect([recorder.events, recorder.pieces]).toEqual([['closed'], []])
  })

  test('refuses another length than the declared one', () => {
    const long = new Recorder(3)
    long.body.write('abc')
    expect(() => long.body.write('d')).toThrow('Cannot send 4 bytes under Content-Length 3')
    long.body.release()
    const short = new Recorder(3)
    short.body.write('ab')
    expect(() => short.body.end()).toThrow('Cannot send 2 bytes under Content-Length 3')
    short.body.release()
  })
})
