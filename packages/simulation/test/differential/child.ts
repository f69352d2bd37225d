import { createReactor } from '@ropewalk/core'
import { type ProgramName, startProgram } from './programs.ts'

// A process with one of the programs, which prints its port number. The limit of descriptors is to be reached,
// so the reactor has no limit of its own.
const [, , name, host = ''] = process.argv
const reactor = createReactor({ maxConnections: Infinity, log: () => undefined })
console.log(await startProgram(name as ProgramName, reactor, host))
