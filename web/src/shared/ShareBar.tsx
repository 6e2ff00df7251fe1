import classes from './ShareBar.module.css';

const percent = (part: number | null): string =>
  part === null ? '–' : `${Math.round(part * 100)} %`;

// What a tenant gets, with a mark at what its weight would give it.
export function ShareBar({ share, fair }: { share: number | null; fair: number | null }) {
  const words = `${percent(share)} of what runs; by weight ${percent(fair)}`;
  return (
    <span className={classes.line} title={words}>
      <span className={classes.bar} role="img" aria-label={words}>
        <span className={classes.fill} style={{ width: `${(share ?? 0) * 100}%` }} />
        {fair !== null && <span className={classes.mark} style={{ left: `${fair * 100}%` }} />}
      </span>
      <span className="num">{percent(share)}</span>
    </span>
  );
}
