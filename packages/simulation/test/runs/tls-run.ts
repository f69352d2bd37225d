import { Factory, LineReceiver } from '@ropewalk/core'
import { ClientTLS, ServerTLS, TLSFactory } from '@ropewalk/core/tls'
import type { Simulation } from '../../src/index.ts'
import { pem } from './certificates.ts'
import { Scene } from './scene.ts'

const serverTLS = new ServerTLS({ cert: pem('localhost.cert'), key: pem('localhost.key') })
const clientTLS = new ClientTLS({ serverName: 'localhost', trustRoots: [pem('localhost.cert')] })

/**
 * Sends each line back with the information whether it came under TLS; starts TLS after the line STARTTLS.
 */
class Answering extends LineReceiver {
  override lineReceived(line: Buffer): void {
    const text = line.toString()
    this.sendLine(`${text} ${this.transport.tlsSession === undefined ? 'in the clear' : 'protected'}`)
    if (text === 'STARTTLS') this.transport.startTLS(serverTLS)
  }
}

/** Sends one line without TLS, starts TLS, and sends twenty more. */
class Asking extends LineReceiver {
  readonly answers: string[] = []

  override connectionMade(): void {
    this.sendLine('STARTTLS')
  }

  override lineReceived(line: Buffer): void {
    this.answers.push(line.toString())
    if (this.answers.length === 1) this.transport.startTLS(clientTLS)
    if (this.answers.length === 21) this.transport.loseConnection()
  }

  handshakeCompleted(): void {
    this.sendLines()
  }

  protected sendLines(): void {
    for (let count = 1; count <= 20; count++)
      this.transport.reactor.callLater(count * 100, () => this.sendLine(`line ${count}`))
  }
}

/** Sends twenty lines under TLS from the first byte on. */
class AskingUnderTLS extends Asking {
  override connectionMade(): void {
    this.answers.push('STARTTLS in the clear')
    this.sendLines()
  }
}

/**
 * Lines without TLS and under TLS: the lines sent under TLS are received under TLS, in order.
 *
 * @throws {Error} (rejects) when they are not.
 */
export async function tlsRun(sim: Simulation): Promise<void> {
  const calls: Asking[] = []
  const { isCalm } = await Scene.play(sim, {
    async serve(reactor, { witness, policies }) {
      await reactor.listenTCP(7, witness.watchAll(Factory.forProtocol(Answering)), { policies })
      await reactor.listenTCP(
        8,
        new TLSFactory(witness.watchAll(Factory.forProtocol(Answering)), serverTLS),
        { policies },
      )
    },
    call(reactor, scene) {
      const asking = new Asking()
      calls.push(asking)
      scene.connect(reactor, 7, asking)
      const protectedFromTheFirst = new AskingUnderTLS()
      calls.push(protectedFromTheFirst)
      scene.connect(reactor, 8, protectedFromTheFirst, { tls: clientTLS })
    },
  })
  for (const { answers } of calls) {
    if (isCalm && answers.length < 21)
      throw new Error(`${answers.length} of 21 replies were received, without any fault`)
    const wrong = answers.findIndex(
      (answer, at) => answer !== (at === 0 ? 'STARTTLS in the clear' : `line ${at} protected`),
    )
    if (wrong >= 0) throw new Error(`reply ${wrong} was ${answers[wrong]}`)
  }
}
