export { LineTooLongError } from './bytes/line-too-long-error.ts'
