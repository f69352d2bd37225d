import type { SystemReactor } from '../interfaces/reactor.ts'
import { createReactor } from './node-reactor.ts'

/** The reactor of a program that makes none of its own. In the packages it is only a default of options. */
export const reactor: SystemReactor = createReactor()
