import { describe, expect, it } from 'vitest'
import { clientFrame, serverFrame, upgradeRequest } from '../../src/load/websocket-frames.ts'

const BINARY = { text: false }

describe('serverFrame', () => {
  it('has the shortest header for its length', () => {
    expect(serverFrame(Buffer.alloc(125), BINARY).subarray(0, -125).toString('hex')).toBe('827d')
    expect(serverFrame(Buffer.alloc(126), BINARY).subarray(0, -126).toString('hex')).toBe('827e007e')
    expect(serverFrame(Buffer.alloc(65_535), BINARY).subarray(0, -65_535).toString('hex')).toBe('827effff')
    const long = serverFrame(Buffer.alloc(65_536), BINARY)
    expect(long.subarray(0, -65_536).toString('hex')).toBe('827f0000000000010000')
  })

  it('marks text, and payloads that are compressed', () => {
    expect(serverFrame(Buffer.from('Hello'), { text: true })).toEqual(Buffer.from('\x81\x05Hello', 'latin1'))
    expect(serverFrame(Buffer.alloc(0), { text: true, compressed: true })[0]).toBe(0xc1)
    expect(serverFrame(Buffer.alloc(0), { text: false, compressed: true })[0]).toBe(0xc2)
  })
})

describe('clientFrame', () => {
  it('masks its payload with the key in its header', () => {
    const frame = clientFrame(Buffer.from('Hello, world'), { text: true })
    const [first, second, ...rest] = frame
    const key = rest.slice(0, 4)
    const payload = rest.slice(4).map((byte, at) => byte ^ (key[at % 4] ?? 0))
    expect([first, second]).toEqual([0x81, 0x80 | 12])
    expect(Buffer.from(payload).toString()).toBe('Hello, world')
  })
})

describe('upgradeRequest', () => {
  it('offers extensions only when it is given some', () => {
    expect(upgradeRequest(80)).not.toContain('Extensions')
    expect(upgradeRequest(80, 'permessage-deflate')).toContain(
      '\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n',
    )
  })
})
