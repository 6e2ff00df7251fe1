import { useSyncExternalStore } from 'react';
import { now } from './time';

// One ticking clock for the page: each second while somebody asks for seconds, else each 15 s.
const listeners = new Map<() => void, boolean>();
let timer: ReturnType<typeof setInterval> | undefined;
let period = 0;

function tick(): void {
  for (const listener of listeners.keys()) listener();
}
function set(): void {
  const wanted = listeners.size === 0 ? 0 : [...listeners.values()].some(Boolean) ? 1_000 : 15_000;
  if (wanted === period) return;
  clearInterval(timer);
  period = wanted;
  if (period > 0) timer = setInterval(tick, period);
}
function subscribe(seconds: boolean, listener: () => void): () => void {
  listeners.set(listener, seconds);
  set();
  return () => {
    listeners.delete(listener);
    set();
  };
}
const bySecond = (listener: () => void) => subscribe(true, listener);
const bySlow = (listener: () => void) => subscribe(false, listener);

// Now, in steps of a second (`fine`) or of 15; a component renders only when the step changes.
export function useNow(fine: boolean): number {
  const step = fine ? 1_000 : 15_000;
  return useSyncExternalStore(fine ? bySecond : bySlow, () => Math.floor(now() / step) * step);
}
