import { checkOptions, checkValue, type OptionRule, type OptionRules } from '@ropewalk/core/options'

/**
 * Checks an object as `checkOptions` does, and that no field is missing.
 *
 * @throws {TypeError | RangeError} for an unknown or missing field, or a value of the wrong type or out of range.
 */
export function checkComplete<T extends object>(
  owner: string,
  given: T | undefined,
  rules: OptionRules<T>,
): void {
  checkOptions(owner, given, rules)
  for (const [name, rule] of Object.entries<OptionRule>(rules))
    checkValue(owner, name, Reflect.get(given ?? {}, name), rule)
}
