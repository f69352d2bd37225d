import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { article } from './article.mjs'

const app = new Hono()
app.get('/', (context) => context.text('Hello, world!'))
app.get('/json', (context) => context.json(article))
serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: '127.0.0.1' })
