// A value between gaps makes no line: these are drawn as points.
export function loneValues(values: ArrayLike<number | null | undefined>): number[] | null {
  const lone: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) lone.push(i);
  }
  return lone.length === 0 ? null : lone;
}

// Times below a chart in the page's zone, 24 hours, as fine as the step between them (seconds); the
// day stands below the first, and wherever it is another than before.
export function tickTexts(ticks: number[], step: number, zone?: string): string[] {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { ...options, ...(zone ? { timeZone: zone } : {}) });
  const day = format({ day: 'numeric', month: 'short' });
  const time = format({
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(step < 60 ? { second: '2-digit' } : {}),
  });
  let last = '';
  return ticks.map((tick) => {
    const on = day.format(tick * 1_000);
    if (step >= 86_400) return on;
    const at = time.format(tick * 1_000);
    const text = on === last ? at : `${at}\n${on}`;
    last = on;
    return text;
  });
}
