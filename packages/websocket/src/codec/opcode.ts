/** What a frame carries (RFC 6455 §5.2). */
export const Opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const
/** One of the opcodes. */
export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** The longest payload of a control frame (RFC 6455 §5.5). */
export const MAX_CONTROL_BYTES = 125

/** Whether a number is an opcode that is not reserved. */
export function isOpcode(code: number): code is Opcode {
  return code <= Opcode.binary || (code >= Opcode.close && code <= Opcode.pong)
}

/** Whether frames of this opcode control the connection rather than carry a message (RFC 6455 §5.5). */
export function isControl(opcode: Opcode): boolean {
  return opcode >= Opcode.close
}
