/** Values that throw when they are read. */
export const HOSTILE: readonly (readonly [string, unknown])[] = [
  ['a toString that throws', { toString: failing }],
  ['a toString that returns no string', { toString: () => ({}) }],
  ['a toJSON that throws', { toJSON: failing }],
  [
    'a proxy that refuses everything',
    new Proxy({}, { get: failing, has: failing, ownKeys: failing, getPrototypeOf: failing }),
  ],
  [
    'an error that cannot be read',
    Object.defineProperties(new Error('x'), { stack: { get: failing }, message: { get: failing } }),
  ],
]

function failing(): never {
  throw new Error('Do not look at me')
}
