/**
 * Where the program is now: the frames of its own files, innermost first, in one line. Empty when only Node and the
 * packages of Ropewalk are at work.
 */
export function callSite(): string {
  return siteOf(framesHere(USUAL_DEPTH))
}

/** The frames of the program's own among `frames`, in one line. */
export function siteOf(frames: readonly string[]): string {
  return frames
    .filter((frame) => !/node:|<anonymous>\)$|\/(?:core|simulation)\/(?:src|dist)\//.test(frame))
    .slice(0, 3)
    .join(' ')
}

/** The innermost `depth` frames of the present call, without this file's. */
export function framesHere(depth: number): readonly string[] {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = depth
  const { stack = '' } = new Error('here')
  Error.stackTraceLimit = limit
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '))
  return frames.map((line) => line.trim()).filter((frame) => !/\/(?:src|dist)\/call-site\./.test(frame))
}

/** Something a host has not closed. */
export interface Leak {
  readonly host: string
  readonly what: 'connection' | 'port' | 'timer'
  /** Its label or address, or when it is due. */
  readonly name: string
  /** Where it was opened: the lines of the program that asked for it. */
  readonly openedAt: string
}

/** A leak in one line. */
export function describeLeak({ host, what, name, openedAt }: Leak): string {
  return `${host} has not closed the ${what} ${name}${openedAt === '' ? '' : `, opened ${openedAt}`}`
}

const USUAL_DEPTH = 10
