import { framesHere } from '../call-site.ts'

/**
 * Whether a loader of modules runs, such as tsx, which keeps what it has compiled in files and may compile in a
 * thread. The evaluation of a module is not part of it.
 */
export function isModuleLoader(): boolean {
  const caller = loaderFrame()
  return caller !== undefined && !/_compile|ModuleJob|evaluate/i.test(caller)
}

/** Whether Node resolves or loads a module, which it does in a thread when a loader is registered. */
export function isLoadingModules(): boolean {
  return loaderFrame() !== undefined
}

function loaderFrame(): string | undefined {
  return framesHere(STACK_DEPTH).find((frame) => frame.includes('node:internal/modules/'))
}

const STACK_DEPTH = 100
