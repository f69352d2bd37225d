import type { SystemReactor } from '../interfaces/reactor.ts'
import { createReactor } from './node-reactor.ts'

/** The reactor of a program that does not make one. The packages use it only as the default of an option. */
export const reactor: SystemReactor = createReactor()
