import type { InheritedSocket } from '../interfaces/reactor.ts'

/**
 * The sockets that systemd has handed over: how many says LISTEN_FDS, whom they are for LISTEN_PID, and what
 * they are called LISTEN_FDNAMES; see sd_listen_fds(3).
 */
export function inheritedSockets(
  { LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES }: NodeJS.ProcessEnv,
  pid: number = process.pid,
): readonly InheritedSocket[] {
  if (LISTEN_PID !== String(pid) || !/^[0-9]{1,4}$/.test(LISTEN_FDS ?? '')) return []
  const names = LISTEN_FDNAMES?.split(':') ?? []
  return Array.from({ length: Number(LISTEN_FDS) }, (_, at) => ({
    fd: FIRST_FD + at,
    name: names[at] ?? 'unknown',
  }))
}

/** Behind stdin, stdout and stderr. */
const FIRST_FD = 3
