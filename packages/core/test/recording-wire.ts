import type { Wire } from '../src/reactor.ts'

/** A wire that records its calls; `write` returns true while it is `open`. */
export class RecordingWire implements Wire {
  readonly calls: string[] = []
  readonly sent: (Buffer | string)[] = []
  open = true
  hiddenBytes: number | undefined

  write(parts: readonly (Buffer | string)[]): boolean {
    this.sent.push(...parts)
    return this.open
  }

  end(): void {
    this.calls.push('end')
  }

  abort(): void {
    this.calls.push('abort')
  }

  close(): void {
    this.calls.push('close')
  }

  pause(): void {
    this.calls.push('pause')
  }

  resume(): void {
    this.calls.push('resume')
  }

  setNoDelay(enabled: boolean): void {
    this.calls.push(`no delay ${enabled}`)
  }

  setKeepAlive(enabled: boolean, initialDelayMs: number): void {
    this.calls.push(`keep alive ${enabled} ${initialDelayMs}`)
  }
}
