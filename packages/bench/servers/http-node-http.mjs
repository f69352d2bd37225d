import { createServer } from 'node:http'
import { article } from './article.mjs'

// Idle connections are kept as long as ours are.
createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  if (request.url === '/') {
    response.setHeader('Content-Type', 'text/plain')
    response.end('Hello, world!')
  } else if (request.url === '/json') {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(article))
  } else {
    response.statusCode = 404
    response.end('Not found')
  }
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
