export { install } from './node/install.ts'
