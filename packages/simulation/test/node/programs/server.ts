import http from 'node:http'
import express from 'express'

const app = express()
app.get('/', (_request, response) => response.send('hello'))
const server = http.createServer(app)
server.listen(80)
