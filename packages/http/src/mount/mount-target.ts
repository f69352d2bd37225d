import { flag, type OptionRules } from '@ropewalk/core/options'
import type { Request } from '../server/request.ts'

/** Options of a mounted program. */
export interface MountOptions {
  /**
   * Whether the program gets the whole path of a request, as a program does that knows where it is mounted.
   * Otherwise it gets the part below its resource. Default false.
   */
  readonly wholePath: boolean
}

/** The options of a mounted program without options. */
export const DEFAULT_MOUNT_OPTIONS: MountOptions = { wholePath: false }

/** The type of each option. */
export const MOUNT_OPTION_RULES: OptionRules<MountOptions> = { wholePath: flag }

/** The target of a request as a mounted program gets it. Each part is encoded as the client sent it. */
export interface MountTarget {
  /** The path of the program's resource, such as `/api`; empty at the root, and with `wholePath`. */
  readonly mountPath: string
  /** The path below it, with the query; it begins with a slash. */
  readonly url: string
  /** The whole path, with the query. */
  readonly originalUrl: string
}

/** Splits the target of a request at the resource that `prepath` leads to. */
export function mountTarget(request: Request, { wholePath }: MountOptions): MountTarget {
  const { path, uri, prepath } = request
  const queryAt = uri.indexOf('?')
  const query = queryAt < 0 ? '' : uri.slice(queryAt)
  let end = 0
  for (let left = wholePath ? 0 : prepath.length; left > 0; left--) {
    const slash = path.indexOf('/', end + 1)
    end = slash < 0 ? path.length : slash
  }
  const mountPath = path.slice(0, end)
  const below = path.slice(end)
  return {
    mountPath: mountPath.endsWith('/') ? mountPath.slice(0, -1) : mountPath,
    url: (below === '' ? '/' : below) + query,
    originalUrl: path + query,
  }
}
