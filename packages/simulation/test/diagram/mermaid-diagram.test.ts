import { expect, test } from 'vitest'
import { mermaidDiagram } from '../../src/diagram/mermaid-diagram.ts'
import { ARROWS, HOSTS } from './arrows.ts'

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
