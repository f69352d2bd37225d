/**
 * A number and its unit for a message: `1 byte`, `2 bytes`.
 *
 * @param many The plural. Default: `one` with an s.
 */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
