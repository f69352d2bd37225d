import { expect, test } from 'vitest'
import { mermaidDiagram, textDiagram } from '../../src/diagram/text-diagram.ts'
import { ARROWS, HOSTS } from './arrows.ts'

test('a text diagram shows hosts as columns and packets as arrows', () => {
  expect(textDiagram(HOSTS, ARROWS)).toBe(
    [
      '            server                    client',
      '        0.0 |                         * starts',
      '       12.3 |< SYN -------------------|',
      '       20.0 | 5 bytes; more (lost) --x|',
    ].join('\n'),
  )
})

test('a Mermaid diagram replaces the characters that have a meaning in Mermaid', () => {
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
