/**
 * What a peer sent, or did not send in time, cannot be accepted: the base of such errors in every package. In a promise
 * that no code waits for it is logged, and ends no process.
 */
export abstract class RemoteError extends Error {}
