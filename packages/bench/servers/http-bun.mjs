import { article } from './article.mjs'

Bun.serve({
  port: Number(process.argv[2]),
  hostname: '127.0.0.1',
  routes: {
    '/': () => new Response('Hello, world!', { headers: { 'Content-Type': 'text/plain' } }),
    '/json': () => Response.json(article),
  },
  fetch: () => new Response('Not found', { status: 404 }),
})
