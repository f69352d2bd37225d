/** A name and a password. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * Returns the value of Authorization or Proxy-Authorization for a name and a password, which are sent as UTF-8.
 *
 * @throws {TypeError} when the name has a colon, or either has a control character or is not a string.
 * @see RFC 7617 §2
 */
export function basicCredentials({ username, password }: Credentials): string {
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new TypeError('Cannot send credentials: give a username and a password, both strings')
  if (username.includes(':')) throw new TypeError('Cannot send a username with a colon in it')
  if (CONTROL.test(username) || CONTROL.test(password))
    throw new TypeError('Cannot send a username or password with a control character in it')
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

// oxlint-disable-next-line no-control-regex -- control characters are what it finds
const CONTROL = /[\x00-\x1f\x7f]/
