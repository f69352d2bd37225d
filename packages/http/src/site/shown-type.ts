/** The kind of a value in words, for messages: `an array`, `a number`, `a Map`. */
export function shownType(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  const { constructor } = value
  const name: unknown = typeof constructor === 'function' ? constructor.name : ''
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object'
}
