import { describe, expect, test } from 'vitest'
import { File } from '../../src/static/file.ts'
import { notFound } from '../../src/site/pages.ts'

describe('the options of File', () => {
  test.each([
    [{ indexName: ['a'] }, 'did you mean indexNames?'],
    [{ defaultType: 'a\r\nb' }, 'defaultType'],
    [{ defaultType: 1 }, 'defaultType'],
    [{ contentTypes: { html: 'text/html' } }, "contentTypes['html']"],
    [{ contentTypes: { '.HTML': 'text/html' } }, 'an extension in lower case'],
    [{ contentTypes: { '.html': 'a\nb' } }, "contentTypes['.html']"],
    [{ contentTypes: [] }, 'an object by extension'],
    [{ contentEncodings: { '.gz': 1 } }, "contentEncodings['.gz']"],
    [{ charset: 'a\nb' }, 'charset'],
    [{ indexNames: 'index.html' }, 'a list'],
    [{ indexNames: ['../a'] }, 'indexNames[0]'],
    [{ indexNames: ['..'] }, 'indexNames[0]'],
    [{ ignoredExts: ['html'] }, 'ignoredExts[0]'],
    [{ precompressed: ['deflate'] }, "'br', 'zstd' or 'gzip'"],
    [{ precompressed: true }, 'a list'],
    [{ dotfiles: ['..'] }, 'dotfiles[0]'],
    [{ dotfiles: ['a'] }, 'dotfiles[0]'],
    [{ cacheControl: 60 }, 'cacheControl'],
    [{ cacheControl: 'a\nb' }, 'cacheControl'],
    [{ etag: 'weak' }, 'etag'],
    [{ directoryListing: 'yes' }, 'directoryListing'],
    [{ maxListedNames: 0 }, 'maxListedNames'],
    [{ childNotFound: '404' }, 'childNotFound'],
    [{ fileSystem: {} }, 'fileSystem'],
  ])('are checked: %j', (options, message) => {
    expect(() => new File('/srv', options as object)).toThrow(message)
  })

  test.each(['', 'a\0b', undefined, 1])('are checked: the path %j', (path) => {
    expect(() => new File(path as string)).toThrow('path')
  })

  test('may be left out', () => {
    const options = { charset: undefined, childNotFound: notFound(), directoryListing: () => '' }
    expect(new File('/srv', options).path).toBe('/srv')
  })
})
