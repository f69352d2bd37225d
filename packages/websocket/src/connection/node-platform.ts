import { isUtf8 } from 'node:buffer'
import type { CodecPlatform } from '../codec/platform.ts'
import { WEB_PLATFORM } from '../codec/platform.ts'

/** The codec on Node: events contain Buffers, and memory is not cleared before it is written. */
export const NODE_PLATFORM: CodecPlatform<Buffer> = {
  // Not from Buffer's pool, all of which a message would keep alive.
  allocate: (byteLength) => (byteLength === 0 ? NO_BYTES : Buffer.allocUnsafeSlow(byteLength)),
  allocateFrame: (byteLength) => Buffer.allocUnsafe(byteLength),
  asBytes: (data) =>
    Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  mask: WEB_PLATFORM.mask,
  maskInto: WEB_PLATFORM.maskInto,
  free: (data) => void (data.buffer as Partial<Transferable>).transfer?.(0),
  isUTF8: isUtf8,
}

/** An ArrayBuffer that can move its memory to another one, which is empty here. On Node 20 it cannot. */
interface Transferable {
  transfer(byteLength: number): ArrayBuffer
}

const NO_BYTES = Buffer.alloc(0)
