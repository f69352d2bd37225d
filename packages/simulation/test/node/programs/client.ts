import { setTimeout as sleep } from 'node:timers/promises'

/** Fetches the page of the server until it gets it. */
export async function fetchPage(): Promise<string> {
  for (;;) {
    const page = await fetch('http://server/', { signal: AbortSignal.timeout(1_000) })
      .then((response) => response.text())
      .catch(() => undefined)
    if (page !== undefined) return page
    await sleep(200)
  }
}
