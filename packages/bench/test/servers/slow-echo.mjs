// An echo that works in vain for 50 microseconds for each chunk.
import { createServer } from 'node:net'

createServer({ noDelay: true }, (socket) => {
  socket.on('data', (data) => {
    const endMs = performance.now() + 0.05
    while (performance.now() < endMs);
    socket.write(data)
  })
  socket.on('error', () => {})
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
