/** What is installed from npm to compare with. Exact versions: a figure is of one version. */
export const PEERS = {
  '@fastify/static': '10.1.11',
  '@hono/node-server': '2.1.9',
  bufferutil: '4.1.0',
  bun: '1.4.5',
  fastify: '5.12.8',
  hono: '4.13.19',
  ws: '8.23.0',
} as const
