import { createContext, type ReactNode, useContext, useMemo } from 'react';
import type { Scope } from './base';
import { type Api, apiOf } from './client';

interface Scoped {
  scope: Scope;
  api: Api;
  // The first part of every query key: two tenants' data never meet in the cache.
  key: string;
}
const ScopeContext = createContext<Scoped | null>(null);

export function ScopeProvider({
  tenant,
  children,
}: {
  tenant: string | null;
  children: ReactNode;
}) {
  const value = useMemo<Scoped>(() => {
    const scope = { tenant };
    return { scope, api: apiOf(scope), key: tenant ?? 'own' };
  }, [tenant]);
  return <ScopeContext.Provider value={value}>{children}</ScopeContext.Provider>;
}
export function useScope(): Scoped {
  const scoped = useContext(ScopeContext);
  if (!scoped) throw new Error('useScope is used outside a ScopeProvider');
  return scoped;
}
