// What calls need of the session, apart from React. Nothing of it is ever stored.
let csrf = '';
const listeners = new Set<() => void>();

export const csrfToken = (): string => csrf;
export function setCsrfToken(token: string): void {
  csrf = token;
}
export function sessionEnded(): void {
  for (const listener of listeners) listener();
}
export function onSessionEnded(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
