export { checkOptions, checkValue, type GivenOptions, withDefaults } from './options/check-options.ts'
export {
  anything,
  bytes,
  callable,
  count,
  either,
  flag,
  having,
  listOf,
  milliseconds,
  type NumberBounds,
  oneOf,
  type OptionProblem,
  type OptionRule,
  type OptionRules,
  quantity,
  text,
} from './options/option-rules.ts'
