import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeDiagram } from '../../src/real/diagram-file.ts'

test('writeDiagram writes into a folder that version control ignores, and returns the path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'diagrams-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = await writeDiagram(join(folder, 'new'), "every guest's line/s 0-17", '<svg/>')
  expect(path).toMatch(/new[/\\]every-guest-s-line-s-0-17\.svg$/)
  expect(readFileSync(path, 'utf8')).toBe('<svg/>')
  expect(readFileSync(join(folder, 'new', '.gitignore'), 'utf8')).toBe('*\n')
})

test('writeDiagram returns why a diagram could not be written', async () => {
  const file = join(import.meta.dirname, 'diagram-file.test.ts')
  expect(await writeDiagram(join(file, 'below'), 'x', '')).toMatch(/^not written: E/)
})
