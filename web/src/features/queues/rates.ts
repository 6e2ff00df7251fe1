import { durationText } from '../../ui/time';

interface Rated {
  submitted: number;
  started: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
}
export interface Flow {
  inPerS: number;
  outPerS: number;
}

// Tasks that came and that ended, a second of the window.
export function flowOf(rates: Rated | undefined, windowMs: number): Flow | null {
  if (!rates || windowMs <= 0) return null;
  const seconds = windowMs / 1_000;
  const out = rates.completed + rates.failed + rates.cancelled + rates.expired;
  return { inPerS: rates.submitted / seconds, outPerS: out / seconds };
}

export function rateText(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond < 0.1) return perSecond.toFixed(3);
  return perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en-US');
}

const about = (ms: number): string =>
  ms < 60_000
    ? `~${Math.max(1, Math.round(ms / 1_000))} s`
    : ms < 7_200_000
      ? `~${Math.round(ms / 60_000)} min`
      : ms < 172_800_000
        ? `~${Math.round(ms / 3_600_000)} h`
        : `~${Math.round(ms / 86_400_000)} days`;

// How soon what waits is gone, going on as now. Nothing is said where it cannot be computed.
export function drainText(pending: number, paused: boolean, flow: Flow | null): string {
  if (pending === 0) return 'nothing waits';
  if (paused) return 'paused';
  if (!flow) return '–';
  const net = flow.outPerS - flow.inPerS;
  if (flow.outPerS === 0) return 'nothing ends';
  if (net <= 0) return 'does not drain';
  return `drains in ${about((pending / net) * 1_000)}`;
}

// What a limit does, in a sentence: only what waits and how long a run took lately are used.
export function limitEffect(limit: number | null, pending: number, runMs: number | null): string {
  if (limit === null) return "No limit of its own: the tenant's and the service's hold.";
  if (runMs === null || runMs <= 0)
    return `At most ${limit} run at once. How fast that is cannot be said: nothing ended lately.`;
  const perSecond = (limit * 1_000) / runMs;
  const rate = `At ${limit} at once, with runs of ${durationText(runMs)} as lately, about ${rateText(perSecond)} a second can end`;
  if (pending === 0) return `${rate}.`;
  return `${rate}: the ${pending.toLocaleString('en-US')} that wait take ${about((pending / perSecond) * 1_000)}.`;
}

// Oldest first: age hurts, depth alone does not.
export function oldestFirst<
  Q extends { oldestReadyAt: string | null; depth: number; name: string },
>(queues: Q[]): Q[] {
  const at = (queue: Q) =>
    queue.oldestReadyAt ? Date.parse(queue.oldestReadyAt) : Number.POSITIVE_INFINITY;
  const order = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);
  return [...queues].sort(
    (a, b) => order(at(a), at(b)) || b.depth - a.depth || a.name.localeCompare(b.name),
  );
}
