import { describe, expect, test } from 'vitest'
import { FakeFiles } from './fake-files.ts'
import { get, parseResponse, serve } from './file-exchange.ts'

const MIB = 1 << 20
const REQUEST = 'GET /big HTTP/1.1\r\nHost: h\r\n\r\n'

/** Bytes that differ at every place. */
function content(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => (at * 31 + (at >> 8)) % 251))
}

function bigFile(bytes: number = MIB): { files: FakeFiles; bytes: Buffer } {
  const big = content(bytes)
  return { files: new FakeFiles({ '/srv/big': big }), bytes: big }
}

describe('a file that is sent', () => {
  test.each([1, 65_535, 65_536, 65_537, 300_000])('arrives whole: %i bytes', async (size) => {
    const { files, bytes } = bigFile(size)
    const exchange = serve(files)
    const { body } = await get(exchange, '/big')
    expect(Buffer.from(body, 'latin1').equals(bytes)).toBe(true)
    expect(files.mostRead).toBeLessThanOrEqual(65_536)
    const parts = await get(exchange, '/big', [`Range: bytes=0-${size - 1},${size - 1}-`])
    expect(Buffer.from(parts.body, 'latin1').equals(bytes)).toBe(true)
  })

  test('arrives whole from a file system that returns less than was asked for', async () => {
    const { files, bytes } = bigFile(100_000)
    const open = files.open.bind(files)
    files.open = async (path) => {
      const file = await open(path)
      return { ...file, read: (into, position) => file.read(into.subarray(0, 7_000), position) }
    }
    const { body } = await get(serve(files), '/big')
    expect(Buffer.from(body, 'latin1').equals(bytes)).toBe(true)
  })

  test('is read only as fast as the client reads', async () => {
    const { files } = bigFile(10 * MIB)
    const exchange = serve(files)
    exchange.transport.block()
    await exchange.send(REQUEST)
    expect(exchange.transport.bufferedBytes).toBeLessThanOrEqual(3 * 65_536)
    expect(files.totalRead).toBeLessThanOrEqual(3 * 65_536)
    exchange.transport.unblock()
    const { body } = parseResponse(await exchange.received())
    expect(body.length).toBe(10 * MIB)
  })

  test('aborts the connection when it becomes shorter, and never sends a wrong length', async () => {
    const { files, bytes } = bigFile()
    let reads = 0
    files.beforeRead = () => {
      if (++reads === 3) files.change('/srv/big', bytes.subarray(0, 150_000))
    }
    const exchange = serve(files)
    await exchange.send(REQUEST)
    expect([exchange.transport.connected, exchange.requests[0]?.outcome]).toEqual([false, 'aborted'])
    const { fields, body } = parseResponse(await exchange.received())
    expect(fields.get('content-length')).toBe(String(MIB))
    expect(body.length).toBeLessThan(MIB)
    expect(exchange.reactor.flushLoggedErrors(Error).map(String)).toEqual([
      expect.stringContaining('it was shortened while it was sent'),
    ])
  })

  test('gets a 500 when it becomes shorter before the first byte is sent', async () => {
    const files = new FakeFiles({ '/srv/big': 'twelve bytes' })
    files.beforeRead = () => files.change('/srv/big', 'two')
    const exchange = serve(files)
    expect((await get(exchange, '/big')).status).toBe(500)
    expect(exchange.reactor.flushLoggedErrors(Error)).toHaveLength(1)
  })

  test('is sent to the announced length when it grows', async () => {
    const { files, bytes } = bigFile()
    let reads = 0
    files.beforeRead = () => {
      if (++reads === 3) files.change('/srv/big', Buffer.concat([bytes, bytes]))
    }
    const exchange = serve(files)
    const { body } = await get(exchange, '/big')
    expect(Buffer.from(body, 'latin1').equals(bytes)).toBe(true)
    expect(exchange.transport.connected).toBe(true)
  })

  test('is sent to its end when it goes away', async () => {
    const { files, bytes } = bigFile()
    files.beforeRead = () => files.remove('/srv/big')
    const exchange = serve(files)
    expect(Buffer.from((await get(exchange, '/big')).body, 'latin1').equals(bytes)).toBe(true)
    expect((await get(exchange, '/big')).status).toBe(404)
  })

  test('aborts the connection when it cannot be read', async () => {
    const { files } = bigFile()
    files.fail('read', '', '', 'EIO')
    const exchange = serve(files)
    await exchange.send(REQUEST)
    expect([exchange.transport.connected, exchange.requests[0]?.outcome]).toEqual([false, 'aborted'])
    expect(exchange.reactor.flushLoggedErrors(Error)).toHaveLength(1)
  })

  test.each([
    ['a reset', (exchange: ReturnType<typeof serve>) => exchange.transport.receiveReset()],
    ['an abort', (exchange: ReturnType<typeof serve>) => exchange.transport.abortConnection()],
    ['the end of departureGraceMs', (exchange: ReturnType<typeof serve>) => exchange.transport.receiveEnd()],
  ])('is closed after %s, and nothing is logged', async (_what, leave) => {
    const { files } = bigFile()
    const exchange = serve(files)
    exchange.transport.block()
    await exchange.send(REQUEST)
    expect(files.openCount).toBe(1)
    leave(exchange)
    await exchange.reactor.settle()
    exchange.reactor.advance(800_000)
    await exchange.reactor.settle()
    expect(files.openCount).toBe(0)
    expect(exchange.transport.connected).toBe(false)
    expect(exchange.reactor.logged).toEqual([])
  })

  test('is closed after the read that a reset interrupts, and not before', async () => {
    const { files } = bigFile()
    let finishRead = (): void => undefined
    files.beforeRead = () => new Promise<void>((resolve) => (finishRead = resolve))
    const exchange = serve(files)
    await exchange.send(REQUEST)
    exchange.transport.receiveReset()
    await exchange.reactor.settle()
    expect(files.openCount).toBe(1)
    finishRead()
    await exchange.reactor.settle()
    expect(files.openCount).toBe(0)
    expect(exchange.reactor.logged).toEqual([])
  })

  test('is closed when the response is refused because its deadline has passed', async () => {
    const { files } = bigFile()
    let finishRead = (): void => undefined
    files.beforeRead = () => new Promise<void>((resolve) => (finishRead = resolve))
    const exchange = serve(files)
    await exchange.send(REQUEST)
    exchange.reactor.advance(130_000)
    expect(parseResponse(await exchange.received()).status).toBe(503)
    finishRead()
    await exchange.reactor.settle()
    expect(files.openCount).toBe(0)
  })
})
