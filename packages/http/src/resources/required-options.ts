import { checkOptions, checkValue, having, type OptionRules } from '@ropewalk/core/options'

/**
 * Checks options of which some must be given.
 *
 * @param example An object with the required options, as error messages show it.
 * @throws {TypeError | RangeError} as `checkOptions` does, and when `options` or a required option is missing.
 */
export function checkRequired<T extends object>(
  owner: string,
  options: T,
  example: string,
  rules: OptionRules<T>,
  ...required: readonly (keyof T & string)[]
): void {
  checkValue(owner, 'options', options, having(`an object, such as ${example}`))
  checkOptions<T>(owner, options, rules)
  for (const name of required) checkValue(owner, name, options[name], rules[name])
}
