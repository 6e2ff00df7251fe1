// Where the page was served from: the doors and every address lie under it.
export const prefix = new URL(document.baseURI).pathname.replace(/\/$/, '');
export const styleNonce =
  document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

// Whose data a page shows: one's own, or (operators) that of the tenant in the address.
export interface Scope {
  tenant: string | null;
}
export const doorOf = (scope: Scope): string =>
  scope.tenant ? `${prefix}/api/t/${encodeURIComponent(scope.tenant)}` : `${prefix}/api`;
