import { createContext, useContext } from 'react';
import type { SignedIn } from './session';

interface SessionAccess {
  session: SignedIn;
  // Reads the session again (after a change of it).
  renew: () => Promise<void>;
  leave: () => Promise<void>;
}
export const SessionContext = createContext<SessionAccess | null>(null);

export function useSession(): SessionAccess {
  const access = useContext(SessionContext);
  if (!access) throw new Error('useSession is used before anybody has signed in');
  return access;
}
// Whether the session may do what needs `scope`; an operator may look into every tenant.
export function useMay(scope: string | undefined): boolean {
  const { session } = useSession();
  return scope === undefined || session.kind === 'operator' || session.scopes.includes(scope);
}
