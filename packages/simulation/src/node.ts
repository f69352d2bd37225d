/**
 * Node's own modules on a virtual network, for programs that do not use Ropewalk.
 *
 * @module
 */
export { install } from './node/install.ts'
export { requireFresh } from './node/require-fresh.ts'
