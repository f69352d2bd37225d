import type { Reactor, ReactorDescriptors, ReactorStandardIO } from '../interfaces/reactor.ts'
import type { EndpointArguments } from './endpoint-arguments.ts'

/** A reactor for which endpoints are made. Some types need more than every reactor has, and say so. */
export type EndpointReactor = Reactor & Partial<ReactorDescriptors & ReactorStandardIO>

/** Makes an endpoint of the arguments of a string; those it does not take are an error. */
export type EndpointParser<E> = (args: EndpointArguments, reactor: EndpointReactor) => E
