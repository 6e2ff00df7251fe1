import { STATUS_LOOK, type Status } from '../theme/status';
import classes from './StatusBadge.module.css';

// Icon and word; only Failed is filled, so that it is found first.
export function StatusBadge({ status }: { status: Status }) {
  const { word, color, icon: Icon } = STATUS_LOOK[status];
  return (
    <span className={classes.badge} data-status={status}>
      <Icon
        size={14}
        stroke={2.2}
        color={status === 'FAILED' ? 'currentColor' : color}
        aria-hidden
      />
      {word}
    </span>
  );
}
