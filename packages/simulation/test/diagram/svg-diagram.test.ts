import { describe, expect, test } from 'vitest'
import { svgDiagram } from '../../src/diagram/svg-diagram.ts'
import { ARROWS, HOSTS } from './arrows.ts'

describe('svgDiagram', () => {
  const lines = (svg: string, kind: string): readonly string[] =>
    svg.match(new RegExp(`<line class="${kind}"[^>]*>`, 'g')) ?? []

  test('draws a line for each host, and for each packet an arrow that slopes by its travel time', () => {
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

  test('marks a lost packet with a cross', () => {
    const svg = svgDiagram(HOSTS, ARROWS)
    expect(lines(svg, 'way bad')).toHaveLength(1)
    expect(svg).toContain('<path class="way bad"')
  })

  test('escapes the names of hosts and events', () => {
    const arrow = { atMs: 1, from: 'a<b', to: 'a<b', what: 'R&D', lost: false, sentMs: 1 }
    const svg = svgDiagram(['a<b'], [arrow])
    expect(svg).toContain('a&lt;b')
    expect(svg).toContain('R&amp;D')
  })

  test('draws a picture without hosts and events', () => {
    expect(svgDiagram([], [])).toMatch(/^<svg [^>]+>/)
  })
})
