import type { Arrow } from './arrow.ts'

/** A run as a Mermaid sequence diagram, which many readers of Markdown draw. */
export function mermaidDiagram(hosts: readonly string[], arrows: readonly Arrow[]): string {
  const lines = arrows.map(({ atMs, from, to, what, lost }) => {
    const text = `${atMs.toFixed(1)} ms ${what}`.replaceAll(/[;:#]/g, ' ')
    return from === to ? `  Note over ${from}: ${text}` : `  ${from}${lost ? '-x' : '->>'}${to}: ${text}`
  })
  return ['sequenceDiagram', ...hosts.map((name) => `  participant ${name}`), ...lines].join('\n')
}
