import createClient from 'openapi-fetch';
import { doorOf, type Scope } from './base';
import { problemFrom, unreachable } from './problem';
import type { components, paths } from './schema';
import { csrfToken, sessionEnded } from './session_state';

export type Schemas = components['schemas'];

// Every call of the page: same origin, CSRF token on changes, failures as ApiProblem.
export async function send(url: string | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(url, { credentials: 'same-origin', ...init });
  if (request.method !== 'GET') request.headers.set('X-CSRF-Token', csrfToken());
  let response: Response;
  try {
    response = await fetch(request);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw unreachable(cause);
  }
  if (response.ok) return response;
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const problem = problemFrom(response, body);
  if (response.status === 401 && !response.url.endsWith('/api/session')) sessionEnded();
  throw problem;
}

// The scheduler's API by its contract, through the dashboard's door of a scope. Paths are the
// contract's own ('/api/v1/tasks'); the door replaces the '/api' before '/v1'.
export function apiOf(scope: Scope) {
  const door = doorOf(scope);
  return createClient<paths>({
    baseUrl: location.origin,
    fetch: async (request) => {
      const url = new URL(request.url);
      url.pathname = door + url.pathname.replace(/^\/api/, '');
      // A copied body would be a stream, and a streamed upload needs HTTP/2: it is read first.
      const body = await request.text();
      return send(url.href, {
        method: request.method,
        headers: request.headers,
        signal: request.signal,
        ...(body === '' ? {} : { body }),
      });
    },
    querySerializer: { array: { style: 'form', explode: true } },
  });
}
export type Api = ReturnType<typeof apiOf>;

// What openapi-fetch returns, without its error half: `send` has thrown by then.
export async function dataOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T;
}

// A page of a list and where the next one begins (RFC 8288).
export interface Page<T> {
  items: T[];
  next: string | null;
}
export async function pageOf<T>(
  call: Promise<{ data?: T[]; response: Response }>,
): Promise<Page<T>> {
  const { data, response } = await call;
  return { items: data ?? [], next: nextCursor(response.headers.get('Link')) };
}
export function nextCursor(link: string | null): string | null {
  for (const part of link?.split(',') ?? []) {
    const found = /<([^>]*)>\s*;\s*rel="?next"?/.exec(part);
    if (found?.[1]) return new URL(found[1], location.origin).searchParams.get('cursor');
  }
  return null;
}
