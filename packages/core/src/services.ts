/**
 * Parts of a program that start in order and stop in reverse order, and clients that stay connected.
 *
 * @module
 */
export { ServiceStopped } from './errors.ts'
export { runServices, type RunServicesOptions } from './node/run.ts'
export {
  ClientService,
  type ClientServiceOptions,
  type ConnectedProtocol,
  type ConnectionEndpoint,
  type ConnectionFactory,
  type WhenConnectedOptions,
} from './service/client-service.ts'
export { serviceFromString, StreamServerEndpointService } from './service/endpoint-services.ts'
export { MultiService } from './service/multi-service.ts'
export { Service, type ServiceCollection } from './service/service.ts'
export { TimerService, type TimerServiceOptions } from './service/timer-service.ts'
export { type BackoffOptions, type BackoffPolicy, backoffPolicy, type RetryPolicy } from './time/backoff.ts'
