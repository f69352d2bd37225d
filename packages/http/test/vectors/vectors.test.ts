import { readdirSync, readFileSync } from 'node:fs'
import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { readRequests } from '../codec/read-requests.ts'
import { eventsOf, vectorsOf } from './read-vectors.ts'

const pages = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.md'))

describe.each(pages)('%s', (page) => {
  const text = readFileSync(`${import.meta.dirname}/${page}`, 'utf8')
  const vectors = vectorsOf(text)

  test('has a vector under every title', () => {
    expect(vectors.map(({ title }) => title)).toEqual(
      [...text.matchAll(/^### (.+)$/gm)].map(([, title]) => title),
    )
  })

  test.each(vectors)('$title', ({ bytes, events }) => {
    for (const pieces of chunkings(bytes)) expect(eventsOf(readRequests(pieces))).toBe(events)
  })
})

describe('vectorsOf', () => {
  test('turns escapes into bytes, and line ends into CRLF', () => {
    const [vector] = vectorsOf(
      '### T\n\n```http\nA\\x00\\r\\n\\t\\\\\nB\\\nC\\\n```\n\n```events\nend\n```\n',
    )
    expect(vector).toEqual({ title: 'T', bytes: Buffer.from('A\0\r\n\t\\\r\nBC'), events: 'end\n' })
  })
})
