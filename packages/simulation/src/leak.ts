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
