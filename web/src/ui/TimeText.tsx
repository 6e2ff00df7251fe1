import { Tooltip } from '@mantine/core';
import { useNow } from './clock';
import { usePreference } from './preferences';
import {
  durationText,
  exactText,
  now,
  relativeText,
  secondText,
  shortText,
  zoneName,
} from './time';

// The zone that the reader chose (`t`).
export function useZone(): string {
  const [mode] = usePreference('time');
  return mode === 'utc' ? 'UTC' : zoneName();
}

const CHARACTER_PX = 7.7;

// What a moment needs in a column, in px: an absolute one names its date and zone.
export function useTimeWidth(): number {
  const [mode] = usePreference('time');
  const zone = useZone();
  const current = now();
  const text = mode === 'relative' ? shortText(current, current, zone) : secondText(current, zone);
  return Math.ceil(text.length * CHARACTER_PX);
}

// A moment: relative or absolute as the reader chose (`t`); whole in local time and UTC on hover
// and focus. Copying gives RFC 3339 (copied_times.ts).
export function TimeText({
  at,
  exact = false,
}: {
  at: string | null | undefined;
  exact?: boolean;
}) {
  const [mode] = usePreference('time');
  const zone = useZone();
  const time = at ? Date.parse(at) : Number.NaN;
  const young = Math.abs(time - now()) < 60_000;
  const current = useNow(young);
  if (Number.isNaN(time) || !at) return <span className="dim">–</span>;
  const words = exact
    ? exactText(time, zone)
    : mode === 'relative'
      ? relativeText(time, current)
      : secondText(time, zone);
  return (
    <Tooltip
      multiline
      label={
        <>
          {exactText(time, zoneName())}
          <br />
          {exactText(time, 'UTC')}
        </>
      }
    >
      <time dateTime={at} className="num">
        {words}
      </time>
    </Tooltip>
  );
}

export function Duration({ ms }: { ms: number | null | undefined }) {
  if (ms === null || ms === undefined) return <span className="dim">–</span>;
  return <span className="num">{durationText(ms)}</span>;
}

// How long since `from`, counting.
export function Since({ from }: { from: string }) {
  const start = Date.parse(from);
  const current = useNow(now() - start < 3_600_000);
  return <Duration ms={Math.max(0, current - start)} />;
}
