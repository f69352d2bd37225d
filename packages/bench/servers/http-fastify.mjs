import Fastify from 'fastify'
import { article } from './article.mjs'

/** Fastify writes a response with a schema faster than JSON.stringify does. */
const SCHEMA = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    title: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    published: { type: 'boolean' },
    length: { type: 'number' },
    author: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        address: {
          type: 'object',
          properties: { town: { type: 'string' }, country: { type: 'string' } },
        },
      },
    },
    paragraphs: { type: 'array', items: { type: 'string' } },
  },
}

const server = Fastify()
server.get('/', (request, reply) => {
  reply.type('text/plain').send('Hello, world!')
})
server.get('/json', { schema: { response: { 200: SCHEMA } } }, (request, reply) => {
  reply.send(article)
})
await server.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
