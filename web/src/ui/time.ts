// Times and durations in words; pure, so that they can be tested without a clock.

// The page's one clock, corrected by the server's.
let offsetMs = 0;
export function correctClock(serverTime: string): void {
  const server = Date.parse(serverTime);
  if (Number.isFinite(server)) offsetMs = server - Date.now();
}
export const now = (): number => Date.now() + offsetMs;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const two = (n: number): string => String(n).padStart(2, '0');

// `840 ms`, `1.84 s`, `2 m 03 s`, `3 h 12 m`, `2 d 04 h`.
export function durationText(ms: number): string {
  if (ms < 0) return `−${durationText(-ms)}`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < MINUTE) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ${two(Math.floor((ms % MINUTE) / 1_000))} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${two(Math.floor((ms % HOUR) / MINUTE))} m`;
  return `${Math.floor(ms / DAY)} d ${two(Math.floor((ms % DAY) / HOUR))} h`;
}

function roughly(ms: number): string {
  if (ms < 1_000) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / 1_000)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m`;
  return `${Math.floor(ms / HOUR)} h ${two(Math.floor((ms % HOUR) / MINUTE))} m`;
}

// «14 s ago», «in 3 s» under a day, else date and time in the browser's zone, named.
export function relativeText(at: number, from: number): string {
  const distance = at - from;
  if (Math.abs(distance) >= DAY) return shortText(at, from);
  const words = roughly(Math.abs(distance));
  if (words === 'now') return 'now';
  return distance < 0 ? `${words} ago` : `in ${words}`;
}

export const zoneName = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

// `24 Nov 13:18 UTC`, in lists that tell what is long past; with its year if that is another one.
export function shortText(at: number, from: number, zone = zoneName()): string {
  const whole = partsOf(at, zone);
  const month = new Intl.DateTimeFormat('en-GB', { timeZone: zone, month: 'short' }).format(at);
  const year = whole.year === partsOf(from, zone).year ? '' : ` ${whole.year}`;
  return `${Number(whole.day)} ${month}${year} ${whole.hour}:${whole.minute} ${whole.timeZoneName}`;
}

// Whole, to the second, with its zone.
export function secondText(at: number, zone: string): string {
  const part = partsOf(at, zone);
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second} ${part.timeZoneName}`;
}

// Whole, with milliseconds and zone.
export function exactText(at: number, zone: string): string {
  const part = partsOf(at, zone);
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}.${part.fractionalSecond} ${part.timeZoneName}`;
}

function partsOf(at: number, zone: string): Record<string, string> {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
    timeZoneName: 'short',
  } as Intl.DateTimeFormatOptions).formatToParts(at);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}

// Exact to 99,999, then 1.2 M.
export function numberText(n: number): string {
  if (Math.abs(n) < 100_000) return n.toLocaleString('en-US');
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(
    n,
  );
}
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${numberText(n)} ${n === 1 ? one : many}`;
