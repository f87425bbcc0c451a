// The viewer's access token. It lives as long as the tab does, and never stands in an address.

const KEY = 'kundig.token';
const listeners = new Set<() => void>();

/** The token that requests carry, if there is one. */
export function token(): string | null {
  return sessionStorage.getItem(KEY);
}

/** Uses another token from now on; null: none. */
export function replaceToken(next: string | null): void {
  if (next) sessionStorage.setItem(KEY, next);
  else sessionStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

/** Calls back whenever the token changes, until the returned function is called. */
export function onTokenChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
