import { LineReceiver } from '@ropewalk/core'

/** Sends each line back in capitals. */
export class Upper extends LineReceiver {
  override lineReceived(line: Buffer): void {
    this.sendLine(line.toString().toUpperCase())
  }
}

/** Sends a question every second, and aborts when more than three are unanswered. */
export class Asking extends LineReceiver {
  answers = 0
  #questions = 0

  override connectionMade(): void {
    this.#ask()
  }

  override lineReceived(): void {
    this.answers++
  }

  #ask(): void {
    if (!this.connected) return
    if (this.#questions - this.answers > 3) return this.transport.abortConnection(new Error('no answer'))
    this.#questions++
    this.sendLine('are you there?')
    this.transport.reactor.callLater(1000, () => this.#ask())
  }
}
