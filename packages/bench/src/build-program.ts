import { buildSync } from 'esbuild'

/**
 * Writes a program as one file of JavaScript: Node 20 runs no TypeScript, and tsx makes code slower.
 *
 * @param external The modules that the program imports where it runs, such as `@ropewalk/*`.
 */
export function buildProgram(entry: string, path: string, external: readonly string[] = []): void {
  buildSync({
    entryPoints: [entry],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    external: [...external],
  })
}
