import type {
  DelayedCall,
  ReactorCore,
  ReactorFiles,
  ReactorLog,
  ReactorTime,
} from '../interfaces/reactor.ts'
import type { KeyPair, ServerTLSOptions } from '../interfaces/tls.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL } from '../options/object-rules.ts'
import { having, milliseconds, type OptionRules, path } from '../options/option-rules.ts'
import { ServerTLS } from './server-tls.ts'
import { SERVER_TLS_RULES } from './tls-rules.ts'

/** Where a certificate and its key lie, and how often to look for new ones. */
export interface ServerTLSFiles extends Omit<ServerTLSOptions, 'cert' | 'key'> {
  /** The path of the certificate chain, PEM. */
  readonly certFile: string
  /** The path of its private key, PEM. */
  readonly keyFile: string
  /** How often the files are read again, in milliseconds; a new certificate is shown from the next connection on. Default: never. */
  readonly reloadEveryMs?: number | undefined
  /** Ends the looking for new ones. A reactor that stops ends it too. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The server's side of TLS with a certificate from files, which may be renewed while it serves.
 *
 * What cannot be read or used later is logged, and the certificate that works is kept.
 *
 * @throws {Error} (rejects) the system's, when a file cannot be read.
 * @throws {TypeError | RangeError} (rejects) for an option that is not one, or has a value that it cannot have; no file is
 *   read then.
 * @throws {TLSConfigurationError} (rejects) when the certificate or key cannot be used.
 */
export async function serverTLSFromFiles(
  reactor: ReactorCore & ReactorFiles & ReactorTime & ReactorLog,
  files: ServerTLSFiles,
): Promise<ServerTLS> {
  checkValue('serverTLSFromFiles', 'files', files, having('an object: { certFile, keyFile }'))
  checkOptions('serverTLSFromFiles', files, FILES_RULES)
  const { certFile, keyFile, reloadEveryMs, signal, ...options } = files
  checkValue('serverTLSFromFiles', 'certFile', certFile, path)
  checkValue('serverTLSFromFiles', 'keyFile', keyFile, path)
  const read = async (): Promise<KeyPair> => {
    const [cert, key] = await Promise.all([reactor.readFile(certFile), reactor.readFile(keyFile)])
    return { cert, key }
  }
  let shown = await read()
  const tls = new ServerTLS({ ...options, ...shown })
  const reload = async (): Promise<void> => {
    try {
      const found = await read()
      if (!isSame(found, shown)) tls.replace(found)
      shown = found
    } catch (error) {
      const text = 'A certificate cannot be renewed; the old one is kept'
      reactor.log({ level: 'error', text, label: certFile, error })
    }
    watch()
  }
  let next: DelayedCall | undefined
  let stopped = signal?.aborted ?? false
  const stop = (): void => {
    stopped = true
    if (next?.active()) next.cancel()
  }
  const watch = (): void => {
    if (reloadEveryMs !== undefined && !stopped) next = reactor.callLater(reloadEveryMs, reload)
  }
  if (reloadEveryMs !== undefined) reactor.addSystemEventTrigger('before', 'shutdown', stop)
  signal?.addEventListener('abort', stop, { once: true })
  watch()
  return tls
}

function isSame(one: KeyPair, other: KeyPair): boolean {
  return String(one.cert) === String(other.cert) && String(one.key) === String(other.key)
}

const { cert: _fromFile, key: _fromFileToo, ...SHARED_RULES } = SERVER_TLS_RULES
const FILES_RULES: OptionRules<ServerTLSFiles> = {
  ...SHARED_RULES,
  certFile: path,
  keyFile: path,
  reloadEveryMs: milliseconds({ least: 1 }),
  signal: ABORT_SIGNAL,
}
