import type { Environment } from '../src/environment.ts'

/** An environment that results were measured in. */
export const environment: Environment = {
  cpu: 'A CPU',
  cores: 2,
  memoryGiB: 8,
  kernel: 'Linux 6.1',
  isPinned: true,
  versions: { node: '24.1.0' },
}
