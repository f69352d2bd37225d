import { expect, test } from 'vitest'
import { readText } from '../../src/real/read-text.ts'

test('readText answers the text of a file, or why there is none', async () => {
  expect(await readText(new URL('read-text.test.ts', import.meta.url).pathname)).toContain(
    'answers the text of a file',
  )
  await expect(readText('/nowhere/at/all')).rejects.toMatchObject({ code: 'ENOENT' })
})
