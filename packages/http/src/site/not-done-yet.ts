/** What `render` answers when the response is finished later, with `request.finish()`. */
export const NOT_DONE_YET: unique symbol = Symbol('NOT_DONE_YET')
