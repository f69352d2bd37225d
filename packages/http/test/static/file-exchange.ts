import { expect, onTestFinished } from 'vitest'
import type { GivenOptions } from '@ropewalk/core/options'
import type { FileOptions } from '../../src/static/file-options.ts'
import { File } from '../../src/static/file.ts'
import type { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'
import { Exchange } from '../server/http-exchange.ts'
import type { FakeFiles } from './fake-files.ts'

/** A response, with its fields by their names in lower case. */
export interface Received {
  readonly status: number
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
}

/** Serves `/srv` of `files`; expects that every file is closed when the test has finished. */
export function serve(files: FakeFiles, options: GivenOptions<FileOptions> = {}): Exchange {
  onTestFinished(() => expect(files.openCount).toBe(0))
  return serveResource(new File('/srv', { fileSystem: files, ...options }))
}

/** Serves a resource as a site's root. */
export function serveResource(resource: Resource): Exchange {
  return Exchange.of(new Site(resource))
}

/** Sends one request, and reads the response to it. */
export async function get(
  exchange: Exchange,
  target: string,
  lines: readonly string[] = [],
  method: string = 'GET',
): Promise<Received> {
  await exchange.send(`${method} ${target} HTTP/1.1\r\n${['Host: h', ...lines].join('\r\n')}\r\n\r\n`)
  return parseResponse(await exchange.received())
}

/** Reads a response. */
export function parseResponse(text: string): Received {
  const end = text.indexOf('\r\n\r\n')
  const [start = '', ...lines] = text.slice(0, end).split('\r\n')
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
  })
  return { status: Number(start.split(' ')[1]), fields: new Map(fields), body: text.slice(end + 4) }
}
