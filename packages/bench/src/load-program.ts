import { fileURLToPath } from 'node:url'
import { buildProgram } from './build-program.ts'

/** Writes the load program as one file of JavaScript. */
export function buildLoadProgram(path: string): void {
  buildProgram(fileURLToPath(new URL('load/main.ts', import.meta.url)), path)
}
