import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** Writes the load program as one file of JavaScript: Node 20 runs no TypeScript, and tsx makes code slower. */
export function buildLoadProgram(path: string): void {
  buildSync({
    entryPoints: [fileURLToPath(new URL('load/main.ts', import.meta.url))],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
}
