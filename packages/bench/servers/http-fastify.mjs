import Fastify from 'fastify'
import { article } from './article.mjs'

const server = Fastify()
server.get('/', (request, reply) => {
  reply.type('text/plain').send('Hello, world!')
})
server.get('/json', (request, reply) => {
  reply.send(article)
})
await server.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
