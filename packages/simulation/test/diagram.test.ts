import { describe, expect, test } from 'vitest'
import { type Arrow, mermaidDiagram, textDiagram } from '../src/diagram.ts'

const HOSTS = ['server', 'client']
const ARROWS: readonly Arrow[] = [
  { atMs: 0, from: 'client', to: 'client', what: 'starts', lost: false },
  { atMs: 12.34, from: 'client', to: 'server', what: 'SYN', lost: false },
  { atMs: 20, from: 'server', to: 'client', what: '5 bytes; more', lost: true },
]

describe('diagrams', () => {
  test('show hosts as columns and packets as arrows', () => {
    expect(textDiagram(HOSTS, ARROWS)).toBe(
      [
        '            server                    client',
        '        0.0 |                         * starts',
        '       12.3 |< SYN -------------------|',
        '       20.0 | 5 bytes; more (lost) --x|',
      ].join('\n'),
    )
  })

  test('can be drawn by Mermaid, whose own signs are left out', () => {
    expect(mermaidDiagram(HOSTS, ARROWS)).toBe(
      [
        'sequenceDiagram',
        '  participant server',
        '  participant client',
        '  Note over client: 0.0 ms starts',
        '  client->>server: 12.3 ms SYN',
        '  server-xclient: 20.0 ms 5 bytes  more',
      ].join('\n'),
    )
  })
})
