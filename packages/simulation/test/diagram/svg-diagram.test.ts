import { describe, expect, test } from 'vitest'
import { svgDiagram } from '../../src/diagram/svg-diagram.ts'
import { ARROWS, HOSTS } from './arrows.ts'

describe('svgDiagram', () => {
  const lines = (svg: string, kind: string): readonly string[] =>
    svg.match(new RegExp(`<line class="${kind}"[^>]*>`, 'g')) ?? []

  test('has a line for each host, and an arrow for each packet that leans as far as the packet took time', () => {
    const svg = svgDiagram(HOSTS, ARROWS)
    expect(lines(svg, 'life')).toHaveLength(2)
    const [way = ''] = lines(svg, 'way')
    const [y1 = 0, y2 = 0] = [/y1="([\d.]+)"/, /y2="([\d.]+)"/].map((pattern) =>
      Number(pattern.exec(way)?.[1]),
    )
    expect(y2).toBeGreaterThan(y1)
    expect(svg).toContain('>server</text>')
    expect(svg).toContain('>starts</text>')
  })

  test('shows what was lost as a cross on its way', () => {
    const svg = svgDiagram(HOSTS, ARROWS)
    expect(lines(svg, 'way bad')).toHaveLength(1)
    expect(svg).toContain('<path class="way bad"')
  })

  test('is well-formed whatever hosts and events are called', () => {
    const arrow = { atMs: 1, from: 'a<b', to: 'a<b', what: 'R&D', lost: false, sentMs: 1 }
    const svg = svgDiagram(['a<b'], [arrow])
    expect(svg).toContain('a&lt;b')
    expect(svg).toContain('R&amp;D')
  })

  test('needs neither hosts nor events', () => {
    expect(svgDiagram([], [])).toMatch(/^<svg [^>]+>/)
  })
})
