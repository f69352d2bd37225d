/**
 * Child processes, standard input and output, and inherited sockets.
 *
 * @module
 */
export {
  ExitCode,
  ProcessDone,
  ProcessEnded,
  ProcessExitedAlready,
  ProcessNotStarted,
  ProcessTerminated,
} from './errors.ts'
export type {
  ChildFD,
  ProcessEvents,
  ProcessTransport,
  ReactorProcess,
  SignalName,
  SpawnOptions,
} from './interfaces/process.ts'
export {
  getProcessOutput,
  getProcessOutputAndValue,
  type ProcessOutput,
  type ProcessOutputOptions,
} from './node/process-output.ts'
export { ProcessProtocol } from './protocol/process-protocol.ts'
