import type { SystemReactor } from '../interfaces/reactor.ts'
import { createReactor } from './node-reactor.ts'

/** The reactor a program uses unless it makes its own. Nothing inside the packages relies on it. */
export const reactor: SystemReactor = createReactor()
