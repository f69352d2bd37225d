import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'

const server = Fastify()
await server.register(fastifyStatic, { root: fileURLToPath(new URL('../static', import.meta.url)) })
await server.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
