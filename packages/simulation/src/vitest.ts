export { simulate } from './real/simulate.ts'
