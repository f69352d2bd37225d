import { describe, expect, test } from 'vitest'
// Under its own name, the formatter of the sources would change the templates.
import { HTML, html as markup, type HTMLValue } from '../../src/site/html.ts'

const EVIL = `<b a="1" c='2'>&`

describe('html', () => {
  test('escapes text between tags', () => {
    const text = String(markup`<p>${EVIL}</p>${1}`)
    expect(text).toBe('<p>&#60;b a=&#34;1&#34; c=&#39;2&#39;&#62;&#38;</p>1')
  })

  test('escapes text in quoted attributes', () => {
    expect(String(markup`<p title="${EVIL}" id='${'a'}b'>`)).toBe(
      `<p title="&#60;b a=&#34;1&#34; c=&#39;2&#39;&#62;&#38;" id='ab'>`,
    )
  })

  test('puts in HTML, and lists of it, as they are', () => {
    const items = ['<', 'b'].map((name) => markup`<li>${name}</li>`)
    expect(String(markup`<ul>${items}${HTML.of('<hr>')}</ul>`)).toBe('<ul><li>&#60;</li><li>b</li><hr></ul>')
  })

  test('percent-encodes parts of URLs', () => {
    expect(String(markup`<a href="/a/${'b/c?d"e'}?f=${'&'}">`)).toBe('<a href="/a/b%2Fc%3Fd%22e?f=%26">')
    expect(String(markup`<a href="${'/a'}${'/b'}">`)).toBe('<a href="/a%2Fb">')
  })

  test.each([
    ['/path?a=1&b=2', '/path?a=1&#38;b=2'],
    ['https://example.org/', 'https://example.org/'],
    ['MAILTO:a@example.org', 'MAILTO:a@example.org'],
    ['a/b:c', 'a/b:c'],
    ['?a:b', '?a:b'],
    ['javascript:alert(1)', 'about:invalid'],
    ['JavaScript:alert(1)', 'about:invalid'],
    [' \tjava\nscript:alert(1)', 'about:invalid'],
    ['\u0001javascript:alert(1)', 'about:invalid'],
    ['java\0script:alert(1)', 'about:invalid'],
    ['data:text/html,x', 'about:invalid'],
    ['vbscript:x', 'about:invalid'],
    [':x', 'about:invalid'],
  ])('puts in the URL %j as %j', (url, expected) => {
    expect(String(markup`<a href="${url}">`)).toBe(`<a href="${expected}">`)
    expect(String(markup`<a class="x" HREF = '${url}'>`)).toBe(`<a class="x" HREF = '${expected}'>`)
  })

  const cases: readonly [string, () => HTML][] = [
    ['an attribute without quotes', () => markup`<p title=${'x'}>`],
    ['the name of an attribute', () => markup`<p ${'x'}="">`],
    ['the name of a tag', () => markup`<${'x'}>`],
    ['an event', () => markup`<p onclick="${'x'}">`],
    ['an event in capitals', () => markup`<p OnClick='${'x'}'>`],
    ['a style attribute', () => markup`<p style="color: ${'x'}">`],
    ['srcdoc', () => markup`<iframe srcdoc="${'x'}">`],
    ['a script', () => markup`<script>a = "${'x'}"</script>`],
    ['a script after a comparison', () => markup`<script>a<b; '<a href="${'x'}">'</script>`],
    ['a script with attributes', () => markup`<script type="module">${'x'}</script>`],
    ['a style', () => markup`<STYLE>${'x'}</STYLE>`],
    ['a comment', () => markup`<!-- ${'x'} -->`],
    ['a value without a name', () => markup`<p "${'x'}">`],
  ]
  test.each(cases)('refuses a value in %s', (_place, make) => {
    expect(make).toThrow('only text and quoted attributes take values')
  })

  test('accepts values after a script and a style', () => {
    expect(String(markup`<script>a</script><style>b</style><p>${'<'}</p>`)).toMatch(/<p>&#60;<\/p>$/)
  })

  test('refuses HTML in an attribute, and values that are missing', () => {
    expect(() => markup`<p title="${markup`x`}">`).toThrow('Cannot put HTML into an attribute')
    for (const value of [undefined, null]) {
      expect(() => markup`<p>${value as unknown as HTMLValue}</p>`).toThrow(TypeError)
    }
  })
})
