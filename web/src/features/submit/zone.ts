// Times as people write them, in a zone; by Intl alone.

const DAY = 86_400_000;

// How far the zone's clock is ahead of UTC at a moment, in ms.
export function offsetAt(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return wall - Math.floor(at / 1_000) * 1_000;
}

// Every moment at which the zone's clocks show `local` ('2026-03-29T02:30'): none when the clocks
// jump over it, two when they are set back over it. NaN-free: a broken text gives none.
export function momentsOf(local: string, zone: string): number[] {
  const wall = Date.parse(`${local.length === 16 ? `${local}:00` : local}Z`);
  if (Number.isNaN(wall)) return [];
  const offsets = new Set([wall - DAY, wall, wall + DAY].map((at) => offsetAt(at, zone)));
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((at) => at + offsetAt(at, zone) === wall)
    .sort((a, b) => a - b);
}

// What a clock in the zone shows, as the browser's own field writes it.
export function localText(at: number, zone: string): string {
  return new Date(at + offsetAt(at, zone)).toISOString().slice(0, 16);
}

export function tomorrowAtNine(now: number, zone: string): string {
  const today = Date.parse(`${localText(now, zone).slice(0, 10)}T00:00:00Z`);
  return `${new Date(today + DAY).toISOString().slice(0, 10)}T09:00`;
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone !== '';
  } catch {
    return false;
  }
}

export const zones = (): string[] => {
  const own = Intl as typeof Intl & { supportedValuesOf?: (key: string) => string[] };
  return ['UTC', ...(own.supportedValuesOf?.('timeZone') ?? [])];
};

// «Berlin» of Europe/Berlin.
export const cityOf = (zone: string): string =>
  (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
