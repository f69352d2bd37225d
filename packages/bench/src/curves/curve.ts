import type { CurveReport } from '../curve-report.ts'
import { formatted } from '../drawing/units.ts'
import type { Installation } from '../installation.ts'
import type { Observer } from '../rounds.ts'

/** Something that is measured beside the table of workloads. */
export interface Curve {
  /** For `--only`; also the name of its drawing. */
  readonly name: string
  readonly measure: (context: CurveContext) => Promise<CurveReport>
}

/** What every curve is given. */
export interface CurveContext {
  readonly installation: Installation
  /** How often each server is measured at each point, at most. */
  readonly rounds: number
  /** The most files that a process may have open. */
  readonly openFiles: number
  readonly observer: Observer
}

/** Descriptors that a server or a load needs besides its connections. */
const OTHER_FILES = 200

/**
 * Why so many connections cannot be opened, as a sentence; undefined when they can.
 *
 * @param others Connections that are open besides.
 */
export function tooMany(connections: number, openFiles: number, others: number = 0): string | undefined {
  const least = connections + others + OTHER_FILES
  if (least <= openFiles) return undefined
  const [wanted, files, needed] = [connections, openFiles, least].map((number) => formatted(number, 'count'))
  return `${wanted} connections are left out: a process may open ${files} files (\`ulimit -n\`), and this needs ${needed}.`
}
