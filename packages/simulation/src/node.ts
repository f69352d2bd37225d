export { install } from './node/install.ts'
export { requireFresh } from './node/require-fresh.ts'
