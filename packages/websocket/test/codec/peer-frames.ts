import type { Role } from '../../src/codec/frame-header.ts'

/** A frame of a peer, valid or not. */
export interface PeerFrame {
  readonly opcode: number
  readonly payload: Uint8Array
  readonly fin: boolean
  readonly rsv: number
}

/** A frame with FIN unless `fin` is false; `rsv` is the three reserved bits as a number. */
export function peerFrame(
  opcode: number,
  payload: string | Uint8Array = '',
  { fin = true, rsv = 0 } = {},
): PeerFrame {
  return { opcode, payload: Buffer.from(payload as string), fin, rsv }
}

/** A frame without FIN: further fragments follow. */
export function part(opcode: number, payload: string | Uint8Array = ''): PeerFrame {
  return peerFrame(opcode, payload, { fin: false })
}

/** A close frame. */
export function closeFrame(code: number, reason: string | Uint8Array = ''): PeerFrame {
  return peerFrame(8, Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason as string)]))
}

/** The frames as the peer of `role` sends them: masked if `role` is the server. */
export function encodeFor(role: Role, frames: Iterable<PeerFrame>): Buffer {
  return Buffer.concat([...frames].map((frame) => encode(frame, role === 'server')))
}

/** Encodes byte by byte, independently of the package's code that works on whole words. */
function encode({ opcode, payload, fin, rsv }: PeerFrame, masked: boolean): Buffer {
  const { length } = payload
  const lengthForm =
    length < 126 ? [length] : length < 65_536 ? [126, length >> 8] : [127, 0, 0, 0, 0, length >> 24]
  if (length >= 65_536) lengthForm.push((length >> 16) & 0xff, (length >> 8) & 0xff)
  if (length >= 126) lengthForm.push(length & 0xff)
  const [second = 0, ...more] = lengthForm
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode, (masked ? 0x80 : 0) | second, ...more]
  if (!masked) return Buffer.concat([Buffer.from(head), payload])
  return Buffer.concat([Buffer.from(head), KEY, payload.map((byte, at) => byte ^ (KEY[at & 3] ?? 0))])
}

const KEY = Buffer.of(0x37, 0xfa, 0x21, 0xbd)
