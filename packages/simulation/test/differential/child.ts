import { createReactor } from '@ropewalk/core'
import { type ProgramName, startProgram } from './programs.ts'

// A process with one of the programs. It prints its port number, then what it sees. The limit of descriptors is to be reached,
// so the reactor has no limit of its own.
const [, , name, host = ''] = process.argv
const reactor = createReactor({ maxConnections: Infinity, log: () => undefined })
await startProgram(name as ProgramName, reactor, host, (line) => console.log(line))
