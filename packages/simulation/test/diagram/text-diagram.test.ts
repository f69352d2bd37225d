import { expect, test } from 'vitest'
import { textDiagram } from '../../src/diagram/text-diagram.ts'
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
