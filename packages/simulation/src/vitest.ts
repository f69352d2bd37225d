/**
 * Scenarios as tests of vitest.
 *
 * @module
 */
export { simulate } from './real/simulate.ts'
