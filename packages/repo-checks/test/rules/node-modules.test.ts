import { describe, expect, test } from 'vitest'
import { nodeModules } from '../../src/rules/node-modules.ts'
import { violationsOf } from '../violations-of.ts'

describe('nodeModules', () => {
  test.each([
    ['packages/http/src/server/a.ts', "import { connect } from 'node:net'", 'imports node:net'],
    ['packages/core/src/transport/a.ts', "import type { Socket } from 'node:net'", 'imports node:net'],
    [
      'packages/core/src/endpoint/a.ts',
      "import { readFile } from 'node:fs/promises'",
      'imports node:fs/promises',
    ],
    ['packages/http/src/site/a.ts', "import { createServer } from 'node:http'", 'imports node:http'],
    ['packages/core/src/node/a.ts', "import { createServer } from 'node:http'", 'imports node:http'],
    ['packages/http/src/codec/a.ts', "import { createHash } from 'node:crypto'", 'imports node:crypto'],
    ['packages/websocket/src/codec/a.ts', "import { isUtf8 } from 'node:buffer'", 'imports node:buffer'],
    [
      'packages/http/src/site/a.ts',
      "import { createHash, randomBytes as bytes } from 'node:crypto'",
      'takes randomness from node:crypto',
    ],
  ])('finds in %s: %s', (path, text, what) => {
    expect(violationsOf(nodeModules, { [path]: text })).toEqual([`${path}:1 ${what}`])
  })

  test.each([
    ['packages/core/src/node/a.ts', "import { connect } from 'node:net'"],
    ['packages/core/src/node/a.ts', "import { randomBytes } from 'node:crypto'"],
    ['packages/http/src/interop/a.ts', "import { createServer } from 'node:http2'"],
    ['packages/http/src/site/a.ts', "import { createHash } from 'node:crypto'"],
    ['packages/websocket/src/handshake/a.ts', "import { createDeflateRaw } from 'node:zlib'"],
    ['packages/repo-checks/src/reading/a.ts', "import { readFileSync } from 'node:fs'"],
    ['packages/core/test/node/a.test.ts', "import { connect } from 'node:net'"],
  ])('accepts in %s: %s', (path, text) => {
    expect(violationsOf(nodeModules, { [path]: text })).toEqual([])
  })
})
