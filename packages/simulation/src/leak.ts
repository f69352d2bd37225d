/** Something a host has not closed. */
export interface Leak {
  readonly host: string
  readonly what: 'connection' | 'port' | 'timer'
  /** Its label or address, or when it is due. */
  readonly name: string
  /** Where it was opened: the lines of the program that asked for it. */
  readonly openedAt: string
}

/** Where the program is now that asks for something: the frames of its own files. */
export function callSite(): string {
  const { stack = '' } = new Error('here')
  const frames = stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
  const own = frames.filter((frame) => !/node:|\/(?:core|simulation)\/(?:src|dist)\//.test(frame))
  return own.slice(0, 3).join(' ')
}

/** A leak in one line. */
export function describeLeak({ host, what, name, openedAt }: Leak): string {
  return `${host} has not closed the ${what} ${name}${openedAt === '' ? '' : `, opened ${openedAt}`}`
}
