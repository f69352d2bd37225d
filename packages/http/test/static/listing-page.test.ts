import { describe, expect, test } from 'vitest'
import { type ListedEntry, listingPage } from '../../src/static/listing-page.ts'

function entry(name: string, bytes = 0, isDirectory = false): ListedEntry {
  return { name, bytes, isDirectory, type: isDirectory ? undefined : 'text/plain', modifiedMs: 0 }
}

function page(...entries: readonly ListedEntry[]): string {
  return String(listingPage({ path: '/sub/', entries, cut: false }))
}

describe('listingPage', () => {
  test('escapes names as text and as URLs', () => {
    const text = page(entry(`<img src=x onerror="a()">'&?#%:.txt`))
    expect(text).not.toContain('<img')
    expect(text).toContain(
      '<a href="./%3Cimg%20src%3Dx%20onerror%3D%22a()%22%3E&#39;%26%3F%23%25%3A.txt">&#60;img src=x onerror=&#34;a()&#34;&#62;&#39;&#38;?#%:.txt</a>',
    )
    expect(page(entry('javascript:alert(1)'))).toContain('href="./javascript%3Aalert(1)"')
  })

  test('escapes the path', () => {
    const text = String(listingPage({ path: '/</title><script>/', entries: [], cut: false }))
    expect(text).toContain('<h1>/&#60;/title&#62;&#60;script&#62;/</h1>')
    expect(text).not.toContain('<script>')
  })

  test('links to the directory above, except from the root', () => {
    expect(page()).toContain('<a href="../">../</a>')
    expect(String(listingPage({ path: '/', entries: [], cut: false }))).not.toContain('..')
  })

  test('shows names, sizes, types and times', () => {
    const text = page(entry('d', 0, true), entry('f', 1434)).replaceAll(/\s+/g, ' ')
    expect(text).toContain('<td><a href="./d/">d/</a></td> <td></td> <td></td>')
    expect(text).toContain('<td>1.4 KiB</td> <td>text/plain</td> <td>Thu, 01 Jan 1970 00:00:00 GMT</td>')
  })

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KiB'],
    [10 << 20, '10.0 MiB'],
    [999 * 1024, '999 KiB'],
    [1000 * 1024, '1.0 MiB'],
    [5 * 2 ** 40, '5.0 TiB'],
    [5000 * 2 ** 50, '5000 PiB'],
  ])('shows %i bytes as %s', (bytes, shown) => {
    expect(page(entry('f', bytes))).toContain(`<td>${shown}</td>`)
  })
})
