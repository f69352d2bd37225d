/** A place in a program, formatted only when it is asked for, because that takes longer than most events. */
export class CallSite {
  readonly #captured: Error

  /** Captures the place of the caller. */
  constructor() {
    this.#captured = captured(USUAL_DEPTH)
  }

  /**
   * The stack frames of the program's own files in one line, innermost first. Empty when only frames of Node
   * and of Ropewalk were on the stack.
   */
  get text(): string {
    return siteOf(framesOf(this.#captured))
  }
}

/** Returns the frames of the program's own files among `frames`, three at most, in one line. */
export function siteOf(frames: readonly string[]): string {
  return programFrames(frames).slice(0, 3).join(' ')
}

/** Returns the frames of the program's own files among `frames`. */
export function programFrames(frames: readonly string[]): readonly string[] {
  return frames.filter(
    (frame) =>
      !/node:|<anonymous>\)?$|node_modules\/(?:\.pnpm\/)?vitest|@vitest/.test(frame) && !isRopewalks(frame),
  )
}

/** Whether a frame is in a package of Ropewalk: in `node_modules/@ropewalk`, or beside this package. */
function isRopewalks(frame: string): boolean {
  return PACKAGES.some((packages) => {
    const at = frame.indexOf(packages)
    return (
      at >= 0 && /^(?:core|http|websocket|simulation)\/(?:src|dist)\//.test(frame.slice(at + packages.length))
    )
  })
}

/** Returns the innermost `depth` stack frames, without those of this file. */
export function framesHere(depth: number): readonly string[] {
  return framesOf(captured(depth))
}

function captured(depth: number): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = depth
  const error = new Error('here')
  Error.stackTraceLimit = limit
  return error
}

function framesOf({ stack = '' }: Error): readonly string[] {
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '))
  return frames.map((line) => line.trim()).filter((frame) => !/\/(?:src|dist)\/call-site\./.test(frame))
}

/** Something that a host has opened and not closed. */
export interface Leak {
  readonly host: string
  readonly what: 'connection' | 'port' | 'timer'
  /** The label of a connection, the address of a port, or the time at which a timer is due. */
  readonly name: string
  /** The stack frames of the program that opened it; empty for connections. */
  readonly openedAt: string
}

/** Formats a leak as one line of text. */
export function describeLeak({ host, what, name, openedAt }: Leak): string {
  return `${host} has not closed the ${what} ${name}${openedAt === '' ? '' : `, opened ${openedAt}`}`
}

const USUAL_DEPTH = 10
/** The folders that have packages of Ropewalk: that of this one, and that of installed ones. */
const PACKAGES: readonly string[] = [new URL('../..', import.meta.url).pathname, '/@ropewalk/']
