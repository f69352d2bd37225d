import { checkComplete } from './network/complete-options.ts'
import type { ErrorCount } from './expected-errors.ts'
import { type Fault, FAULT_PLAN_RULES, FAULT_RULES, type FaultPlan } from './faults.ts'
import { SimulatedHost } from './host/simulated-host.ts'
import {
  callable,
  checkOptions,
  checkValue,
  count,
  either,
  filledText,
  flag,
  having,
  milliseconds,
  type OptionProblem,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'

/** Checks the arguments of `host` or `node`. @throws {TypeError | RangeError} when one is wrong. */
export function checkProgram(owner: string, name: string, program: unknown): void {
  checkValue(owner, 'name', name, filledText)
  checkValue(owner, 'program', program, callable)
}

/** Checks the arguments of `always` or `eventually`. @throws {TypeError | RangeError} when one is wrong. */
export function checkProperty(owner: string, name: string, check: unknown): void {
  checkValue(owner, 'name', name, filledText)
  checkValue(owner, 'check', check, callable)
}

/** Checks two hosts. @throws {TypeError | RangeError} unless they are two different hosts among `hosts`. */
export function checkPair(
  owner: string,
  one: SimulatedHost,
  other: SimulatedHost,
  hosts: ReadonlyMap<string, SimulatedHost>,
): void {
  const isOurs = (value: unknown): OptionProblem | undefined => {
    if (!(value instanceof SimulatedHost)) return { kind: 'type', wanted: A_HOST }
    return hosts.get(value.name) === value ? undefined : { kind: 'range', wanted: A_HOST }
  }
  for (const host of [one, other]) checkValue(owner, 'host', host, isOurs)
  if (one === other)
    throw new RangeError(`Cannot take host "${one.name}" twice for ${owner}: give two different hosts`)
}

/** Checks a plan of faults. @throws {TypeError | RangeError} when it is not one, or has a wrong option. */
export function checkPlan(plan: FaultPlan): void {
  checkValue('injectFaults', 'the plan', plan, having('a plan, such as { withinMs: 10_000 }'))
  checkOptions('injectFaults', plan, FAULT_PLAN_RULES)
  checkValue('injectFaults', 'withinMs', plan.withinMs, milliseconds())
}

/** Checks a fault. @throws {TypeError | RangeError} when one of its fields is missing or wrong. */
export function checkFault(fault: Fault): void {
  checkComplete('inject', fault, FAULT_RULES)
}

/** The condition of `sometimes`. */
export const REACHED: OptionRule = (value) =>
  typeof value === 'boolean'
    ? undefined
    : { kind: 'type', wanted: 'true or false, in code that runs when the state may be reached' }
/** The rules for the options of `partition`. */
export const PARTITION_RULES: OptionRules<{ readonly oneWay?: boolean }> = { oneWay: flag }
/** The rules for the options of `runUntil`. */
export const RUN_UNTIL_RULES: OptionRules<{ readonly timeoutMs?: number }> = { timeoutMs: milliseconds() }
/** The rules for the options of `expectError`. */
export const ERROR_COUNT_RULES: OptionRules<ErrorCount> = { least: count(), most: count({ endless: true }) }
/** The errors that `expectError` matches. */
export const ERROR_MATCH: OptionRule = either(
  either(filledText, callable, ''),
  (value) => (value instanceof RegExp ? undefined : { kind: 'type', wanted: '' }),
  'a string, a RegExp or a function',
)
const A_HOST = 'a host of this simulation, which sim.host or sim.node returned'
