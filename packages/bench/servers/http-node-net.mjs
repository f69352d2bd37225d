// A fixed answer: it only looks for the ends of heads. What a server over node:net can reach at best.
import { createServer } from 'node:net'

const ANSWER = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/plain',
  `Date: ${new Date().toUTCString()}`,
  'Content-Length: 13',
  '',
  'Hello, world!',
].join('\r\n')
const END = '\r\n\r\n'

createServer({ noDelay: true }, (socket) => {
  let rest = ''
  socket.on('data', (data) => {
    const text = rest + data.latin1Slice()
    let heads = 0
    let from = 0
    for (let end = text.indexOf(END); end !== -1; end = text.indexOf(END, from)) {
      from = end + END.length
      heads += 1
    }
    rest = text.slice(from)
    if (heads > 0) socket.write(ANSWER.repeat(heads), 'latin1')
  })
  socket.on('error', () => {})
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
