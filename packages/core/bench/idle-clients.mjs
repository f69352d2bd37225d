// Opens COUNT connections and keeps them open; sends its parent a message when all are up, or an error.
//
//   idle-clients.mjs PORT COUNT
import { connect } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number)
const AT_ONCE = 100

async function open() {
  const sockets = []
  while (sockets.length < count) {
    const wave = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, one)
    sockets.push(...(await Promise.all(wave)))
  }
}

function one() {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket))
    socket.on('error', reject)
  })
}

process.on('disconnect', () => process.exit())
await open().then(
  () => process.send({ open: count }),
  (error) => process.send({ error: error.message }),
)
