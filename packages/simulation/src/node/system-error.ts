import { constants } from 'node:os'

/** The status with which libuv reports a system error, such as -111 for ECONNREFUSED. */
export function statusOf(code: string): number {
  return -((constants.errno as Readonly<Record<string, number>>)[code] ?? constants.errno.EIO)
}

/** An error as Node creates it for a failed system call. */
export function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { errno: statusOf(code), code, syscall })
}

/** The system's code of an error, or of its cause; `fallback` when it has none. */
export function codeOf(error: unknown, fallback: string): string {
  for (const { code } of [error, (error as Error | undefined)?.cause].map(asCoded))
    if (typeof code === 'string' && code in constants.errno) return code
  return fallback
}

function asCoded(error: unknown): { readonly code?: unknown } {
  return typeof error === 'object' && error !== null ? error : {}
}
