import { prefix } from './base';
import { send } from './client';
import { setCsrfToken } from './session_state';

export interface SignedIn {
  signedIn: true;
  kind: 'tenant' | 'operator';
  tenantId: string | null;
  tenantName: string | null;
  scopes: string[];
  csrf: string;
  serverTime: string;
  idleSeconds: number;
  idleAt: string;
  version: string;
}
export interface SignedOut {
  signedIn: false;
  serverTime: string;
  version: string;
}
export type Session = SignedIn | SignedOut;
export interface Registered {
  tenantId: string;
  apiKey: string;
  webhookSecret: string;
  session: SignedIn;
}

const door = `${prefix}/api/session`;
const json = { 'Content-Type': 'application/json' };

function kept<T extends Session>(session: T): T {
  setCsrfToken(session.signedIn ? session.csrf : '');
  return session;
}

export async function readSession(): Promise<Session> {
  return kept((await (await send(door)).json()) as Session);
}
export async function signIn(apiKey: string): Promise<SignedIn> {
  const answer = await send(door, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ apiKey: apiKey.trim() }),
  });
  return kept((await answer.json()) as SignedIn);
}
export async function register(tenantName: string, invitation: string): Promise<Registered> {
  const body = invitation ? { tenantName, invitation } : { tenantName };
  const answer = await send(`${door}/register`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify(body),
  });
  const registered = (await answer.json()) as Registered;
  kept(registered.session);
  return registered;
}
export async function keepSession(): Promise<Session> {
  return kept(
    (await (
      await send(`${door}/keep`, { method: 'POST', headers: json, body: '{}' })
    ).json()) as Session,
  );
}
export async function signOut(): Promise<void> {
  await send(door, { method: 'DELETE' });
  setCsrfToken('');
}
