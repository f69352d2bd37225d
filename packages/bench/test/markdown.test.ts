import { describe, expect, it } from 'vitest'
import { markdownTable, withSection } from '../src/markdown.ts'

describe('withSection', () => {
  const page = 'above\n\n<!-- table: begin -->\n\nold\n\n<!-- table: end -->\n\nbelow\n'
  it('replaces what is between the markers, and nothing else', () => {
    expect(withSection(page, 'table', '\nnew\n')).toBe(page.replace('old', 'new'))
  })
  it('throws for a document without the markers, or with them in the wrong order', () => {
    expect(() => withSection(page, 'curve', 'new')).toThrow('Cannot find <!-- curve: begin -->')
    expect(() => withSection('<!-- a: end --><!-- a: begin -->', 'a', '')).toThrow('Cannot find')
  })
})

describe('markdownTable', () => {
  it('aligns numbers to the right, and text to the left', () => {
    const rows = [
      ['one', '1', 'met'],
      ['forty-two', '42', ''],
    ]
    expect(markdownTable(['Name', 'Number', 'Text'], rows, [0, 2])).toBe(
      [
        '| Name      | Number | Text |',
        '| --------- | -----: | ---- |',
        '| one       |      1 | met  |',
        '| forty-two |     42 |      |',
      ].join('\n'),
    )
  })
})
