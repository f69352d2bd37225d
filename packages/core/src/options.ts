/**
 * Checks of the options that a user gives, by name, type and range.
 *
 * @module
 */
export {
  checkOptions,
  checkOptionsOrInstance,
  checkValue,
  type FilledOptions,
  type GivenOptions,
  withDefaults,
} from './options/check-options.ts'
export {
  anyText,
  anything,
  byteCount,
  callable,
  count,
  either,
  filledText,
  flag,
  having,
  listOf,
  milliseconds,
  type NumberBounds,
  oneOf,
  type OptionProblem,
  type OptionRule,
  type OptionRules,
  optionsOf,
  path,
  quantity,
} from './options/option-rules.ts'
