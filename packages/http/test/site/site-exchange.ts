import type { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import type { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'
import { connectTo } from '../server/site-connection.ts'

/** Returns a site's response to the bytes of one connection, without Date, and its reactor and transport. */
export async function ask(
  root: Resource,
  text: string,
): Promise<{ response: string; reactor: MemoryReactor; transport: StringTransport }> {
  const transport = connectTo(new Site(root))
  const { reactor } = transport
  transport.receive(text)
  await reactor.settle()
  return { response: transport.value('latin1').replaceAll(/Date: [^\r]*\r\n/g, ''), reactor, transport }
}

/** A request without a body. */
export function requestText(method: string, target: string): string {
  return `${method} ${target} HTTP/1.1\r\nHost: h\r\n\r\n`
}
