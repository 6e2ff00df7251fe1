import { useCallback, useSyncExternalStore } from 'react';

// What a reader chose for this browser. Only such choices are ever stored: no key, token or payload.
export interface Preferences {
  time: 'relative' | 'local' | 'utc';
  dense: boolean;
  shortcuts: boolean;
  railOpen: boolean;
  taskColumns: string[];
  savedViews: { name: string; query: string }[];
  // Tenants whose first steps are done, or were put away.
  settledIn: string[];
}
const DEFAULTS: Preferences = {
  time: 'relative',
  dense: false,
  shortcuts: true,
  railOpen: true,
  taskColumns: [],
  savedViews: [],
  settledIn: [],
};
const KEY = 'belfry-preferences';

function load(): Preferences {
  try {
    return {
      ...DEFAULTS,
      ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>),
    };
  } catch {
    return DEFAULTS;
  }
}
let current = load();
const listeners = new Set<() => void>();
function changed(): void {
  for (const listener of listeners) listener();
}
addEventListener('storage', (event) => {
  if (event.key !== KEY) return;
  current = load();
  changed();
});

export function setPreference<K extends keyof Preferences>(name: K, value: Preferences[K]): void {
  current = { ...current, [name]: value };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage is off: the choice lasts as long as the page.
  }
  changed();
}
export function usePreference<K extends keyof Preferences>(
  name: K,
): [Preferences[K], (value: Preferences[K]) => void] {
  const value = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current[name],
  );
  return [value, useCallback((next: Preferences[K]) => setPreference(name, next), [name])];
}
